import type { Fee, FeeTax } from '../fees/fee.ts';
import { type Cents, centsToUnits, roundToCents, unitsToCents } from '../money/cents.ts';
import { Decimal, sum, toWireDecimal } from '../money/decimal.ts';
import { periodAt, type Terms } from '../subscriptions/periods.ts';
import { priceLines, type PriceLine } from './price-lines.ts';

/** All that a fee came from, as far as it is not on the fee itself. */
export interface FeeOrigin {
  readonly fee: Fee;
  readonly taxes: readonly FeeTax[];
  /** Whether people have given its units and its price, while it was a draft. */
  readonly is_priced_by_hand?: boolean;
  /** Of usage. */
  readonly charge_model: string | null;
  /** Of a subscription. */
  readonly terms: Terms | null;
  /** What of the minimum was reached by other fees: of a true-up or a commitment. */
  readonly reached_cents: Cents | null;
  /** What was taken off the invoice before taxes, and by what. */
  readonly discounts: readonly { readonly type: string; readonly name: string; readonly amount_cents: Cents }[];
}

/** One step from usage to the total. Amounts are decimal text in currency units, unless they say cents. */
export type ExplanationStep =
  | {
      readonly step: 'usage';
      readonly billable_metric_code: string;
      readonly events_count: number | null;
      readonly event_transaction_id: string | null;
      readonly from_datetime: string | null;
      readonly to_datetime: string | null;
      readonly filters: Readonly<Record<string, readonly string[]>> | null;
      readonly grouped_by: Readonly<Record<string, string | null>>;
    }
  | { readonly step: 'units'; readonly aggregated: string; readonly rounded: string }
  | {
      readonly step: 'price';
      readonly charge_model: string;
      readonly lines: readonly PriceLine[];
      readonly amount: string;
    }
  | {
      readonly step: 'proration';
      readonly plan_amount_cents: Cents;
      readonly days: string;
      readonly days_in_period: number;
      readonly amount: string;
    }
  | {
      readonly step: 'minimum';
      readonly minimum: 'charge' | 'commitment';
      readonly prorated_minimum: string;
      readonly reached: string;
      readonly amount: string;
    }
  | { readonly step: 'sale'; readonly units: string; readonly unit_amount: string; readonly amount: string }
  | { readonly step: 'rounding'; readonly amount: string; readonly amount_cents: Cents }
  | {
      readonly step: 'discounts';
      readonly amount_cents: Cents;
      readonly share_cents: string;
      readonly taxable_cents: string;
      readonly of_invoice: FeeOrigin['discounts'];
    }
  | {
      readonly step: 'taxes';
      readonly taxable_cents: string;
      readonly lines: readonly {
        readonly tax_code: string;
        readonly tax_name: string;
        readonly tax_rate: number;
        readonly amount_cents: string;
      }[];
      readonly taxes_amount_cents: Cents;
    }
  | {
      readonly step: 'total';
      readonly amount_cents: Cents;
      readonly taxes_amount_cents: Cents;
      readonly total_amount_cents: Cents;
    };

/**
 * How a fee came about: each step with its numbers, each number following from those before it. Made of what the fee keeps, so that it tells of
 * the prices of that day, whatever became of them.
 */
export function explainFee(origin: FeeOrigin): ExplanationStep[] {
  const { fee } = origin;
  const precise = centsToUnits(fee.precise_amount_cents, fee.amount_currency);
  return [
    ...amountSteps(origin, precise),
    { step: 'rounding', amount: toWireDecimal(precise), amount_cents: fee.amount_cents },
    ...discountSteps(origin),
    taxStep(origin),
    {
      step: 'total',
      amount_cents: fee.amount_cents,
      taxes_amount_cents: fee.taxes_amount_cents,
      total_amount_cents: fee.amount_cents + fee.taxes_amount_cents,
    },
  ];
}

function amountSteps(origin: FeeOrigin, precise: Decimal): ExplanationStep[] {
  const { fee } = origin;
  if (origin.is_priced_by_hand) return [saleStep(fee, precise)];
  switch (fee.fee_type) {
    case 'subscription':
      return prorationSteps(origin, precise);
    case 'commitment':
      return [minimumStep(origin, precise, 'commitment')];
    case 'charge':
      return fee.true_up_parent_fee_id === null
        ? usageSteps(origin, precise)
        : [minimumStep(origin, precise, 'charge')];
    case 'add_on':
    case 'credit':
      return [saleStep(fee, precise)];
  }
}

function saleStep({ units, precise_unit_amount }: Fee, precise: Decimal): ExplanationStep {
  return {
    step: 'sale',
    units: toWireDecimal(units),
    unit_amount: toWireDecimal(precise_unit_amount),
    amount: toWireDecimal(precise),
  };
}

function usageSteps({ fee, charge_model }: FeeOrigin, precise: Decimal): ExplanationStep[] {
  return [
    {
      step: 'usage',
      billable_metric_code: fee.item_code,
      events_count: fee.events_count,
      event_transaction_id: fee.event_transaction_id,
      from_datetime: fee.from_at,
      to_datetime: fee.to_at,
      filters: fee.item_filters,
      grouped_by: fee.grouped_by,
    },
    {
      step: 'units',
      aggregated: toWireDecimal(fee.unrounded_units ?? fee.total_aggregated_units),
      rounded: toWireDecimal(fee.units),
    },
    {
      step: 'price',
      charge_model: charge_model ?? 'standard',
      lines: priceLines(fee, precise),
      amount: toWireDecimal(precise),
    },
  ];
}

/** The days follow from the amount: an upgrade leaves its day to the next plan, and a trial has no price. */
function prorationSteps({ fee, terms }: FeeOrigin, precise: Decimal): ExplanationStep[] {
  const plan_amount_cents = Number(fee.amount_details['plan_amount_cents'] ?? fee.amount_cents);
  const days_in_period = terms && fee.from_at !== null ? periodAt(terms, fee.from_at).days : 1;
  const days =
    plan_amount_cents === 0
      ? new Decimal(days_in_period)
      : new Decimal(fee.precise_amount_cents).times(days_in_period).div(plan_amount_cents).toDecimalPlaces(10);
  return [
    { step: 'proration', plan_amount_cents, days: toWireDecimal(days), days_in_period, amount: toWireDecimal(precise) },
  ];
}

function minimumStep(
  { fee, reached_cents }: FeeOrigin,
  precise: Decimal,
  minimum: 'charge' | 'commitment',
): ExplanationStep {
  const reached = centsToUnits(reached_cents ?? 0, fee.amount_currency);
  return {
    step: 'minimum',
    minimum,
    prorated_minimum: toWireDecimal(reached.plus(precise)),
    reached: toWireDecimal(reached),
    amount: toWireDecimal(precise),
  };
}

function discountSteps({ fee, discounts }: FeeOrigin): ExplanationStep[] {
  const share = new Decimal(fee.precise_coupons_amount_cents);
  if (share.isZero()) return [];
  return [
    {
      step: 'discounts',
      amount_cents: fee.amount_cents,
      share_cents: toWireDecimal(share),
      taxable_cents: toWireDecimal(new Decimal(fee.amount_cents).minus(share)),
      of_invoice: discounts,
    },
  ];
}

/** The sum of the exact taxes is rounded once. */
function taxStep({ fee, taxes }: FeeOrigin): ExplanationStep {
  const taxable = new Decimal(fee.amount_cents).minus(fee.precise_coupons_amount_cents);
  const lines = taxes.map(({ tax_code, tax_name, tax_rate }) => ({
    tax_code,
    tax_name,
    tax_rate: Number(tax_rate),
    amount_cents: toWireDecimal(taxable.times(tax_rate).div(100)),
  }));
  return { step: 'taxes', taxable_cents: toWireDecimal(taxable), lines, taxes_amount_cents: fee.taxes_amount_cents };
}

/** Whether the steps add up to the fee, to the cent. */
export function addsUp(steps: readonly ExplanationStep[], fee: Fee): boolean {
  const cents = (amount: string): number => roundToCents(unitsToCents(new Decimal(amount), fee.amount_currency));
  return steps.every((step) => {
    switch (step.step) {
      case 'usage':
      case 'units':
        return true;
      case 'price':
        return sum(step.lines.map(({ amount }) => amount)).eq(step.amount) && cents(step.amount) === fee.amount_cents;
      case 'proration': {
        const product = new Decimal(step.plan_amount_cents).times(step.days).div(step.days_in_period);
        return roundToCents(product) === fee.amount_cents;
      }
      case 'minimum':
        return new Decimal(step.prorated_minimum).minus(step.reached).eq(step.amount);
      case 'sale':
        return new Decimal(step.units).times(step.unit_amount).eq(step.amount);
      case 'rounding':
        return cents(step.amount) === step.amount_cents && step.amount_cents === fee.amount_cents;
      case 'discounts':
        return new Decimal(step.amount_cents).minus(step.share_cents).eq(step.taxable_cents);
      case 'taxes':
        return roundToCents(sum(step.lines.map(({ amount_cents }) => amount_cents))) === step.taxes_amount_cents;
      case 'total':
        return step.total_amount_cents === fee.amount_cents + fee.taxes_amount_cents;
    }
  });
}
