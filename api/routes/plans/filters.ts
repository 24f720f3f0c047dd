import { chargeModel } from '../../../billing/charge-models/index.ts';
import { type FilterTerms, matchFilters, storedFilter, validateFilter } from '../../../billing/charges/filters.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import type { ChargeFilter } from '../../../billing/usage/filters.ts';
import type { BillableMetricRow } from '../../../db/billable-metrics.ts';
import { type ChargeFilterFields, findChargeFilters, replaceChargeFilters } from '../../../db/charge-filters.ts';
import type { ListedCharge } from '../../../db/plans.ts';
import type { Transaction } from '../../../db/transaction.ts';

// One filter of a charge at a time. The caller holds the plan, and the metric.

/** A charge that is held, with its metric. */
export interface HeldCharge {
  readonly charge: ListedCharge;
  readonly metric: BillableMetricRow;
}

export async function findFilters(trx: Transaction, charge: ListedCharge): Promise<readonly ChargeFilter[]> {
  return (await findChargeFilters(trx, [charge.id]))(charge.id);
}

/** Of a charge that was copied of another, the id of that one's filter names the copy as well. */
export async function takeFilter(trx: Transaction, charge: ListedCharge, filter_id: string): Promise<ChargeFilter> {
  const filters = await findFilters(trx, charge);
  const id = filter_id.toLowerCase();
  const found = filters.find((filter) => filter.id === id) ?? (await findCopy(trx, charge, filters, id));
  if (!found) throw notFound('charge_filter');
  return found;
}

async function findCopy(
  trx: Transaction,
  { parent_id }: ListedCharge,
  filters: readonly ChargeFilter[],
  id: string,
): Promise<ChargeFilter | undefined> {
  if (parent_id === null) return undefined;
  const original = (await findChargeFilters(trx, [parent_id]))(parent_id).find((filter) => filter.id === id);
  const [copy_id] = original ? matchFilters(filters, [{ values: original.values }]) : [];
  return filters.find((filter) => filter.id === copy_id);
}

/** After those that the charge has. */
export async function addFilter(
  trx: Transaction,
  { charge, metric }: HeldCharge,
  input: FilterTerms,
  at: Instant,
): Promise<ChargeFilter> {
  const list = [...(await findFilters(trx, charge)), readFilter(input, charge, metric)];
  await replaceChargeFilters(trx, new Map([[charge.id, list]]), at);
  return (await findFilters(trx, charge)).at(-1) as ChargeFilter;
}

/** Its values are what it is: they stay. */
export async function changeFilter(
  trx: Transaction,
  { charge, metric }: HeldCharge,
  before: ChargeFilter,
  input: Omit<FilterTerms, 'id' | 'values'>,
  at: Instant,
): Promise<ChargeFilter> {
  const { properties = before.properties, invoice_display_name = before.invoice_display_name } = input;
  const terms = { values: before.values, properties, invoice_display_name };
  const after = { ...readFilter(terms, charge, metric), id: before.id };
  const list = (await findFilters(trx, charge)).map((filter) => (filter.id === before.id ? after : filter));
  await replaceChargeFilters(trx, new Map([[charge.id, list]]), at);
  return after;
}

export async function removeFilter(
  trx: Transaction,
  charge: ListedCharge,
  gone: ChargeFilter,
  at: Instant,
): Promise<void> {
  const left = (await findFilters(trx, charge)).filter(({ id }) => id !== gone.id);
  await replaceChargeFilters(trx, new Map([[charge.id, left]]), at);
}

/** @throws when it cannot be stored. */
function readFilter(terms: FilterTerms, { charge_model }: ListedCharge, metric: BillableMetricRow): ChargeFilterFields {
  const model = chargeModel(charge_model);
  const details = validateFilter(terms, model, metric);
  if (Object.keys(details).length > 0) throw invalid(details);
  return storedFilter(terms, model);
}
