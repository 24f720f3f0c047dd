import fc from 'fast-check';
import type { Price, StoredProperties, Usage } from '../../../billing/charge-models/charge-model.ts';
import { type ChargeModelName, chargeModels } from '../../../billing/charge-models/index.ts';
import { Decimal } from '../../../billing/money/decimal.ts';

type Values<T> = {
  readonly [Key in keyof T]: NonNullable<T[Key]> extends Decimal ? Decimal | number | string : T[Key];
};

/** Prices units written as plain numbers, in EUR. */
export function price(
  name: ChargeModelName,
  properties: StoredProperties,
  usage: Partial<Values<Usage>> & { readonly units: Decimal | number | string },
): Price {
  const { units, full_units, dynamic_amount_cents, custom_amount, events_count = 1, ...rest } = usage;
  return chargeModels[name].price({
    ...rest,
    units: new Decimal(units),
    events_count,
    ...(full_units !== undefined && { full_units: new Decimal(full_units) }),
    ...(dynamic_amount_cents !== undefined && { dynamic_amount_cents: new Decimal(dynamic_amount_cents) }),
    ...(custom_amount !== undefined && { custom_amount: new Decimal(custom_amount) }),
    properties,
    currency: 'EUR',
  });
}

export const decimals = (...values: (number | string)[]): Decimal[] => values.map((value) => new Decimal(value));

/** Decimal text below 1,000 with up to 6 decimals. */
export const decimalTexts = (millionthsMax = 999_999_999): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: millionthsMax }).map((millionths) => new Decimal(millionths).div(1_000_000).toFixed());

/** Units: whole or with decimals, 0 included. */
export const someUnits: fc.Arbitrary<Decimal> = fc.oneof(
  fc.integer({ min: 0, max: 500 }).map((units) => new Decimal(units)),
  decimalTexts().map((text) => new Decimal(text)),
);

/** Tiers from 0 on with whole bounds, each beginning `step` after the one before. */
export function tiersOf<T>(
  step: 0 | 1,
  fields: fc.Arbitrary<T>,
): fc.Arbitrary<(T & { from_value: number; to_value: number | null })[]> {
  return fc
    .tuple(fc.array(fc.tuple(fc.integer({ min: 2, max: 100 }), fields), { maxLength: 5 }), fields)
    .map(([closed, last]) => {
      let from_value = 0;
      const tiers = closed.map(([size, own]) => {
        const tier = { ...own, from_value, to_value: from_value + size };
        from_value = tier.to_value + step;
        return tier;
      });
      return [...tiers, { ...last, from_value, to_value: null }];
    });
}
