import type { ChargeModelName } from '../charge-models/index.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import { filterSignature } from '../charges/filters.ts';
import { Decimal } from '../money/decimal.ts';
import type { ChargeFilter } from '../usage/filters.ts';

/** What of a charge a change of the parent plan carries over. */
export interface PricedCharge {
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  /** In their order. */
  readonly filters: readonly ChargeFilter[];
}

/** Without an id: a new one. */
export type FilterAfter = Omit<ChargeFilter, 'id'> & { readonly id?: string };

export interface PricesAfter {
  readonly properties: StoredProperties;
  readonly filters: readonly FilterAfter[];
}

/** Whether two are the same prices: numbers by their value, whatever the order of the keys. */
export function samePrices(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

const NUMBER = /^-?\d+(\.\d+)?$/;

function canonical(value: unknown): string {
  if (typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value)))
    return new Decimal(value).toString();
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).sort().join()}}`; // prettier-ignore
}

/** Whether something of a charge has changed that its copies may follow. */
export function isRepriced(before: PricedCharge, after: PricedCharge): boolean {
  const shown = ({ properties, filters }: PricedCharge): string =>
    JSON.stringify([properties, filters.map(({ id: _, ...filter }) => filter)]);
  return shown(before) !== shown(after);
}

/**
 * What becomes of a copy of a charge when the charge changes: it follows where it still has the prices of before, and takes over what is grouped in any
 * case. Undefined: nothing. Source: spec "Cascade to children".
 */
export function cascadeCharge(before: PricedCharge, after: PricedCharge, copy: PricedCharge): PricesAfter | undefined {
  if (copy.charge_model !== after.charge_model) return undefined;
  return {
    properties: cascadeProperties(before.properties, after.properties, copy.properties),
    filters: cascadeFilters(before.filters, after.filters, copy.filters),
  };
}

function cascadeProperties(
  before: StoredProperties,
  after: StoredProperties,
  copy: StoredProperties,
): StoredProperties {
  if (samePrices(before, copy)) return after;
  const { pricing_group_keys: _, ...own } = copy;
  const { pricing_group_keys } = after;
  return pricing_group_keys === undefined ? own : { ...own, pricing_group_keys };
}

/** One by one, each known by its values. */
function cascadeFilters(
  before: readonly ChargeFilter[],
  after: readonly ChargeFilter[],
  copies: readonly ChargeFilter[],
): FilterAfter[] {
  const old = bySignature(before);
  const now = bySignature(after);
  const known = bySignature(copies);
  const kept = copies
    .map((copy) => ({ copy, signature: filterSignature(copy.values) }))
    .filter(({ signature }) => now.has(signature) || !old.has(signature))
    .map(({ copy, signature }) => cascadeFilter(old.get(signature), now.get(signature), copy));
  const added = [...now]
    .filter(([signature]) => !old.has(signature) && !known.has(signature))
    .map(([, { id: _, ...filter }]) => filter);
  return [...kept, ...added];
}

function cascadeFilter(
  before: ChargeFilter | undefined,
  after: ChargeFilter | undefined,
  copy: ChargeFilter,
): ChargeFilter {
  if (!before || !after) return copy;
  const isChanged =
    before.invoice_display_name !== after.invoice_display_name || !samePrices(before.properties, after.properties);
  if (!isChanged) return copy;
  const properties = cascadeProperties(before.properties, after.properties, copy.properties);
  const follows = samePrices(before.properties, copy.properties);
  return { ...copy, properties, ...(follows && { invoice_display_name: after.invoice_display_name }) };
}

/** Of several with the same values the first counts. */
function bySignature(filters: readonly ChargeFilter[]): ReadonlyMap<string, ChargeFilter> {
  const found = new Map<string, ChargeFilter>();
  for (const filter of filters) {
    const signature = filterSignature(filter.values);
    if (!found.has(signature)) found.set(signature, filter);
  }
  return found;
}
