import type { Instant, LocalDate } from '../clock/instant.ts';
import type { Fee } from '../fees/fee.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { type ChargeUsage, addUsage, type FilterUsage, type ShownCharge, type UsageNumbers } from './current-usage.ts';

/** What was billed of a subscription's usage for one period, by one invoice. */
export interface PastPeriod {
  readonly invoice_id: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly issuing_date: LocalDate;
  readonly currency: Currency;
  /** Of the whole invoice. */
  readonly amount_cents: Cents;
  readonly taxes_amount_cents: Cents;
  readonly total_amount_cents: Cents;
  readonly charges: readonly ChargeUsage[];
}

/** A charge as it is now, or was when it was deleted. */
export type PastCharge = Omit<ShownCharge, 'pricing_unit'> & { readonly has_filters: boolean };

/** What was billed by charge, in the order of the metrics' names. What tops a charge up to its minimum is no usage. */
export function pastCharges(fees: readonly Fee[], charges: ReadonlyMap<string, PastCharge>): ChargeUsage[] {
  const used = fees.filter(({ fee_type, true_up_parent_fee_id }) => fee_type === 'charge' && !true_up_parent_fee_id);
  return [...Map.groupBy(used, ({ charge_id }) => charge_id)]
    .flatMap(([charge_id, own]) => {
      const charge = charges.get(charge_id ?? '');
      return charge ? [chargeUsage(charge, own)] : [];
    })
    .sort((a, b) => (a.charge.metric_name.toLowerCase() < b.charge.metric_name.toLowerCase() ? -1 : 1));
}

function chargeUsage({ has_filters, ...charge }: PastCharge, fees: readonly Fee[]): ChargeUsage {
  const [first] = fees;
  const priced = first?.pricing_unit;
  const pricing_unit = priced ? { ...priced, id: priced.pricing_unit_id } : null;
  const isFiltered = has_filters || fees.some(({ item_filters }) => item_filters !== null);
  const isGrouped = fees.some(({ grouped_by }) => Object.keys(grouped_by).length > 0);
  const groups = isGrouped ? Map.groupBy(fees, ({ grouped_by }) => JSON.stringify(Object.entries(grouped_by))) : [];
  return {
    // As the fees call the metric: it may have another name by now.
    charge: { ...charge, metric_name: first?.item_name ?? charge.metric_name, pricing_unit },
    ...addUsage(fees.map(numbersOf)),
    filters: isFiltered ? byFilter(fees) : [],
    groups: [...groups].map(([, members]) => ({
      grouped_by: members[0]?.grouped_by ?? {},
      ...addUsage(members.map(numbersOf)),
      filters: isFiltered ? byFilter(members) : [],
    })),
  };
}

function byFilter(fees: readonly Fee[]): FilterUsage[] {
  return [...Map.groupBy(fees, ({ charge_filter_id }) => charge_filter_id).values()].map((members) => ({
    filter: filterOf(members[0]),
    ...addUsage(members.map(numbersOf)),
  }));
}

function filterOf(fee: Fee | undefined): FilterUsage['filter'] {
  return fee?.item_filters ? { values: fee.item_filters, invoice_display_name: fee.filter_invoice_display_name } : null;
}

function numbersOf(fee: Fee): UsageNumbers {
  return {
    units: fee.units,
    total_aggregated_units: fee.total_aggregated_units,
    events_count: fee.events_count ?? 0,
    amount_cents: fee.amount_cents,
    pricing_unit_amount_cents: fee.pricing_unit?.amount_cents ?? 0,
    presentation: fee.presentation_breakdowns,
  };
}
