import type { Fee } from '../fees/fee.ts';
import { Decimal, sum, toWireDecimal } from '../money/decimal.ts';
import type { PricingUnitAmounts } from '../pricing-units/pricing-unit.ts';

/** A part of a price: `text` with its numbers, and what it comes to in currency units. */
export interface PriceLine {
  readonly text: string;
  readonly amount: string;
}

type Details = Readonly<Record<string, unknown>>;

interface Tier {
  readonly from_value: number;
  readonly to_value: number | null;
  readonly units: string;
  readonly per_unit_amount?: string;
  readonly rate?: string;
  readonly flat_unit_amount: string;
  readonly per_unit_total_amount: string;
}

/**
 * The parts of what usage costs, by what its model has left on the fee. They add up to the fee: what single events in advance were priced beyond or below
 * their own tiers, as the difference to what was paid before, is a part of its own.
 */
export function priceLines(fee: Fee, precise: Decimal): PriceLine[] {
  const lines = linesOf(fee, precise);
  const rest = precise.minus(sum(lines.map(({ amount }) => amount)));
  if (rest.isZero()) return lines;
  return [...lines, { text: 'difference to what was paid for before', amount: toWireDecimal(rest) }];
}

/** What was priced in a pricing unit, and rounded to its cents, at its rate. */
function convertedLine({ short_name, conversion_rate, amount_cents }: PricingUnitAmounts): PriceLine {
  const amount = new Decimal(amount_cents).div(100);
  return {
    text: `${toWireDecimal(amount)} ${short_name} × ${toWireDecimal(conversion_rate)}`,
    amount: toWireDecimal(amount.times(conversion_rate)),
  };
}

function linesOf(fee: Fee, precise: Decimal): PriceLine[] {
  if (fee.pricing_unit) return [convertedLine(fee.pricing_unit)];
  const details: Details = fee.amount_details;
  if (Array.isArray(details['graduated_ranges'])) return tierLines(details['graduated_ranges'] as Tier[]);
  if (Array.isArray(details['graduated_percentage_ranges']))
    return tierLines(details['graduated_percentage_ranges'] as Tier[]);
  if ('per_package_size' in details) return packageLines(details);
  if ('paid_events' in details) return percentageLines(details);
  if ('per_unit_total_amount' in details) return volumeLines(fee, details);
  return [{ text: `${plain(fee.units)} × ${plain(fee.precise_unit_amount)}`, amount: toWireDecimal(precise) }];
}

function tierLines(tiers: readonly Tier[]): PriceLine[] {
  return tiers.flatMap((tier) => {
    const name = `${tier.from_value}–${tier.to_value ?? '∞'}`;
    const price = tier.rate === undefined ? plain(tier.per_unit_amount) : `${plain(tier.rate)} %`;
    return [
      { text: `${name}: ${plain(tier.units)} × ${price}`, amount: toWireDecimal(tier.per_unit_total_amount) },
      { text: `${name}: flat amount`, amount: toWireDecimal(tier.flat_unit_amount) },
    ];
  });
}

function packageLines(details: Details): PriceLine[] {
  const size = Number(details['per_package_size']);
  if (size === 0) return [{ text: 'no units', amount: '0.0' }];
  const paid = new Decimal(details['paid_units'] as string);
  const packages = paid.div(size).ceil();
  const price = details['per_package_unit_amount'] as string;
  const text = `${plain(paid)} paid units (${plain(details['free_units'])} free): ${plain(packages)} packages of ${size} × ${plain(price)}`;
  return [{ text, amount: toWireDecimal(packages.times(price)) }];
}

function percentageLines(details: Details): PriceLine[] {
  const text = (name: string): string => plain(details[name]);
  return [
    {
      text: `${text('paid_units')} (${text('free_units')} free) × ${text('rate')} %`,
      amount: toWireDecimal(details['per_unit_total_amount'] as string),
    },
    {
      text: `${String(details['paid_events'])} events (${String(details['free_events'])} free) × ${text('fixed_fee_unit_amount')}`,
      amount: toWireDecimal(details['fixed_fee_total_amount'] as string),
    },
    {
      text: 'minimum and maximum of each event',
      amount: toWireDecimal(details['min_max_adjustment_total_amount'] as string),
    },
  ];
}

function volumeLines(fee: Fee, details: Details): PriceLine[] {
  return [
    {
      text: `${plain(fee.units)} × ${plain(details['per_unit_amount'])}`,
      amount: toWireDecimal(details['per_unit_total_amount'] as string),
    },
    { text: 'flat amount of the tier', amount: toWireDecimal(details['flat_unit_amount'] as string) },
  ];
}

/** Without zeros at the end. */
function plain(value: unknown): string {
  return new Decimal((value as string | Decimal | undefined) ?? 0).toFixed();
}
