import { checkUnits } from '../../billing/adjusted-fees/check.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { chargeFee, feeItem } from '../../billing/fees/charge-fee.ts';
import type { UntaxedFee } from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod, Invoice } from '../../billing/invoices/invoice.ts';
import { addOnFee } from '../../billing/invoices/one-off.ts';
import { changeLine, type LineChange, untaxed } from '../../billing/invoices/regenerated-line.ts';
import type { Line } from '../../billing/invoices/settle-lines.ts';
import { unitsToCents } from '../../billing/money/cents.ts';
import { Decimal } from '../../billing/money/decimal.ts';
import { resolveTaxes, type Tax } from '../../billing/taxes/resolve-taxes.ts';
import { groupedBy, groupKeys } from '../../billing/usage/measure.ts';
import { findAddOnsByCode } from '../../db/add-ons.ts';
import { type FeeRow, findFeesOfInvoices } from '../../db/fees.ts';
import { findBillingPeriodsOfInvoice } from '../../db/invoices.ts';
import { loadMinimumCommitments } from '../../db/minimum-commitments.ts';
import { type ChargeFacts, pricingOf, readCharges, readTaxLevels, type TaxLevels } from '../../db/pricing-facts.ts';
import { findAttachedTaxes, findLiveTaxesOfFees } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';

/** A line that is wanted on an invoice in place of a voided one: one that it had, or another one of a charge or of an add-on. */
export interface WantedLine extends LineChange {
  readonly fee_id: string | null;
  readonly subscription_id: string | null;
  readonly charge_id: string | null;
  readonly charge_filter_id: string | null;
  readonly grouped_by: Readonly<Record<string, string | null>>;
  readonly add_on_code: string | null;
}

/** What lines are made of, read once for all of them. */
interface Facts {
  readonly invoice: Invoice;
  readonly fees: ReadonlyMap<string, FeeRow>;
  readonly periods: readonly BillingPeriod[];
  readonly charges: readonly ChargeFacts[];
  readonly levels: TaxLevels;
  readonly commitments: Awaited<ReturnType<typeof loadMinimumCommitments>>;
  readonly add_ons: Awaited<ReturnType<typeof findAddOnsByCode>>;
  readonly addOnTaxesOf: (add_on_id: string) => readonly Tax[];
  readonly soldTaxesOf: (fee_id: string) => readonly Tax[];
}

/** The lines of an invoice that is made in place of a voided one, with the taxes of today. `wanted` null: all as they were. */
export async function regenerateLines(
  trx: Transaction,
  voided: Invoice,
  wanted: readonly WantedLine[] | null,
): Promise<Line[]> {
  const facts = await readFacts(trx, voided, wanted ?? []);
  const asked = wanted ?? [...facts.fees.keys()].map((fee_id) => ({ ...AS_IT_WAS, fee_id }));
  const ids = asked.flatMap(({ fee_id }) => fee_id ?? []);
  if (new Set(ids).size < ids.length) throw invalid({ fees: ['value_already_exist'] });

  const kept = new Map<string, Line>();
  const make = (one: WantedLine): Line => {
    if (one.fee_id === null) return newLine(facts, one);
    const fee = facts.fees.get(one.fee_id);
    if (!fee) throw notFound('fee');
    // What made up for a minimum goes on hanging on the line that it made up for, where that is kept.
    const tops_up = kept.get(fee.true_up_parent_fee_id ?? '');
    const line = { ...keptLine(facts, fee, one), ...(tops_up && { tops_up }) };
    kept.set(fee.id, line);
    return line;
  };
  const isTrueUp = ({ fee_id }: WantedLine): boolean => Boolean(facts.fees.get(fee_id ?? '')?.true_up_parent_fee_id);
  return [...asked.filter((one) => !isTrueUp(one)), ...asked.filter(isTrueUp)].map(make);
}

const AS_IT_WAS = {
  subscription_id: null,
  charge_id: null,
  charge_filter_id: null,
  grouped_by: {},
  add_on_code: null,
  units: null,
  unit_precise_amount: null,
  invoice_display_name: null,
} as const;

async function readFacts(trx: Transaction, invoice: Invoice, wanted: readonly WantedLine[]): Promise<Facts> {
  const fees = await findFeesOfInvoices(trx, [invoice.id]);
  const periods = await findBillingPeriodsOfInvoice(trx, invoice.id);
  const plan_ids = [...new Set(periods.map(({ plan_id }) => plan_id))];
  const codes = wanted.flatMap(({ add_on_code }) => add_on_code ?? []);
  const add_ons = await findAddOnsByCode(trx, codes);
  const addOnIds = fees.filter(({ fee_type }) => fee_type === 'add_on').map(({ item_id }) => item_id);
  return {
    invoice,
    fees: new Map(fees.map((fee) => [fee.id, fee])),
    periods,
    charges: await readCharges(trx, plan_ids),
    levels: await readTaxLevels(trx, invoice.customer_id, plan_ids),
    commitments: await loadMinimumCommitments(trx, plan_ids),
    add_ons,
    addOnTaxesOf: await findAttachedTaxes(trx, 'add_on', [...addOnIds, ...[...add_ons.values()].map(({ id }) => id)]),
    soldTaxesOf: await findLiveTaxesOfFees(trx, fees),
  };
}

function keptLine(facts: Facts, fee: FeeRow, change: LineChange): Line {
  const charge = facts.charges.find(({ id }) => id === fee.charge_id) ?? null;
  const isMadeUp = fee.fee_type === 'commitment' || fee.true_up_parent_fee_id !== null;
  // What makes up for a minimum has no units, and a charge that is gone no price.
  const isUnpriced = fee.fee_type === 'charge' && !charge && change.unit_precise_amount === null;
  if (change.units !== null && (isMadeUp || isUnpriced)) throw invalid({ units: ['value_is_invalid'] });
  const pricing = charge && pricingOf(charge, fee.charge_filter_id);
  if (change.units !== null) {
    const unit_cents = unitsToCents(new Decimal(fee.precise_unit_amount), fee.amount_currency).toFixed();
    checkUnits(
      { charge: pricing, unit_cents, currency: fee.amount_currency },
      change.units,
      change.unit_precise_amount,
    );
  }
  return lineOf(facts, changeLine(untaxed(fee), change, pricing), fee);
}

function newLine(facts: Facts, wanted: WantedLine): Line {
  if (wanted.units === null) throw invalid({ units: ['value_is_mandatory'] });
  if (facts.invoice.invoice_type === 'one_off') return soldLine(facts, wanted, wanted.units);
  return usedLine(facts, wanted, wanted.units);
}

function soldLine(facts: Facts, wanted: WantedLine, units: string): Line {
  const add_on = facts.add_ons.get(wanted.add_on_code ?? '');
  if (!add_on) throw notFound('add_on');
  const { currency } = facts.invoice;
  if (wanted.unit_precise_amount === null && add_on.amount_currency !== currency)
    throw invalid({ currency: ['currencies_does_not_match'] });
  const sold = { add_on, unit_amount_cents: add_on.amount_cents, units, description: null, span: null, taxes: [] };
  const fee = addOnFee({ ...sold, invoice_display_name: null }, currency);
  checkUnits({ charge: null, unit_cents: String(add_on.amount_cents), currency }, units, wanted.unit_precise_amount);
  return lineOf(facts, changeLine(fee, wanted, null));
}

function usedLine(facts: Facts, wanted: WantedLine, units: string): Line {
  const period = facts.periods.find(({ subscription_id }) => subscription_id === wanted.subscription_id);
  if (!period) throw notFound('subscription');
  const charge = facts.charges.find(({ id, plan_id }) => id === wanted.charge_id && plan_id === period.plan_id);
  if (!charge) throw notFound('charge');
  const filter = charge.filters.find(({ id }) => id === wanted.charge_filter_id) ?? null;
  if (wanted.charge_filter_id !== null && !filter) throw notFound('charge_filter');
  const pricing = pricingOf(charge, wanted.charge_filter_id);
  const keys = groupKeys(pricing.properties);
  if (Object.keys(wanted.grouped_by).some((key) => !keys.includes(key)))
    throw invalid({ grouped_by: ['value_is_invalid'] });
  const { currency } = facts.invoice;
  checkUnits({ charge: pricing, unit_cents: '0', currency }, units, wanted.unit_precise_amount);
  const fee = chargeFee({
    subscription_id: period.subscription_id,
    charge: feeItem(charge),
    filter,
    grouped_by: groupedBy(keys, keys.map((key) => wanted.grouped_by[key] ?? null)),
    numbers: { ...NO_NUMBERS, units },
    currency,
    span: { from: period.charges_from, to: period.charges_to },
    pay_in_advance: false,
    dates_timezone: null,
    event_transaction_id: null,
  }); // prettier-ignore
  return lineOf(facts, changeLine(fee, wanted, pricing));
}

const NO_NUMBERS = {
  amount_cents: 0,
  precise_amount_cents: '0',
  precise_unit_amount: '0',
  total_aggregated_units: '0',
  events_count: 0,
  amount_details: {},
} as const;

/** The taxes of today. A line that was sold keeps those that it was sold with, where there are any. */
function lineOf(
  { levels, charges, commitments, addOnTaxesOf, soldTaxesOf, periods }: Facts,
  fee: UntaxedFee,
  sold?: FeeRow,
): Line {
  const plan_id = periods.find(({ subscription_id }) => subscription_id === fee.subscription_id)?.plan_id ?? null;
  const above = { customer: levels.customer, organization: levels.organization };
  const taxes =
    fee.fee_type === 'add_on'
      ? resolveTaxes({ fee: sold && soldTaxesOf(sold.id), add_on: addOnTaxesOf(fee.item_id), ...above })
      : resolveTaxes({
          charge: charges.find(({ id }) => id === fee.charge_id)?.taxes,
          commitment: fee.fee_type === 'commitment' ? commitments.get(plan_id ?? '')?.taxes : [],
          plan: levels.plans.get(plan_id ?? ''),
          ...above,
        });
  return { fee, taxes, plan_id };
}
