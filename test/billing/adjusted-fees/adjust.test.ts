import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AdjustedFee } from '../../../billing/adjusted-fees/adjusted-fee.ts';
import { adjustedNumbers } from '../../../billing/adjusted-fees/adjust.ts';
import type { ChargeModelName } from '../../../billing/charge-models/index.ts';
import { priceCharge } from '../../../billing/charge-models/price-charge.ts';
import {
  type BilledSubscription,
  computeInvoice,
  type CommitmentToReach,
  type UsedCharge,
} from '../../../billing/invoices/compute-invoice.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import type { Bucket } from '../../../billing/usage/measure.ts';

const GRADUATED = {
  graduated_ranges: [
    { from_value: 0, to_value: 10, per_unit_amount: '1', flat_amount: '0' },
    { from_value: 11, to_value: null, per_unit_amount: '1', flat_amount: '0' },
  ],
};

const EU = { id: 'eu', values: { region: ['eu'] }, properties: { amount: '2' }, invoice_display_name: null };

const bucket = (units: string, fields: Partial<Bucket> = {}): Bucket => ({
  filter: null,
  grouped_by: {},
  usage: { units, events_count: 1 },
  ...fields,
});

const charge = (fields: Partial<UsedCharge> = {}): UsedCharge => ({
  id: 'calls',
  charge_model: 'standard',
  properties: { amount: '5' },
  invoice_display_name: null,
  invoiceable: true,
  min_amount_cents: 0,
  taxes: [],
  metric: { id: 'm', code: 'calls', name: 'Calls', description: null, rounding: { rounding_function: null, rounding_precision: null }, filters: {} },
  buckets: [bucket('0', { usage: { units: '0', events_count: 0 } })],
  ...fields,
}); // prettier-ignore

const adjusted = (fields: Partial<AdjustedFee> = {}): AdjustedFee => ({
  id: 'a',
  invoice_id: 'i',
  subscription_id: 'sub',
  fee_type: 'charge',
  charge_id: 'calls',
  charge_filter_id: null,
  grouped_by: {},
  units: null,
  unit_precise_amount: null,
  invoice_display_name: null,
  created_at: '2026-01-01T00:00:00.000Z',
  ...fields,
});

const MONTH = { from: '2026-04-01T00:00:00.000Z', to: '2026-05-01T00:00:00.000Z' };

function bill(
  charges: readonly UsedCharge[],
  adjusted_fees: readonly AdjustedFee[],
  fields: Partial<BilledSubscription> = {},
) {
  const plan = { id: 'p', code: 'pro', name: 'Pro', description: null, invoice_display_name: null, pay_in_advance: false, taxes: [] }; // prettier-ignore
  const amount = new Decimal(12_900);
  const subscription = {
    id: 'sub',
    plan,
    spans: { subscription: MONTH, charges: MONTH },
    charges_days: { billed: 30, period: 30 },
    subscription_fee: { amount, amount_cents: 12_900, units: 1, amount_details: { plan_amount_cents: 12_900 } },
    charges,
    commitment: undefined,
    adjusted_fees,
    ...fields,
  } as const;
  const empty = { customer_taxes: [], organization_taxes: [], progressive_credits: [], coupons: [] };
  return computeInvoice({ ...empty, currency: 'EUR', subscriptions: [subscription] });
}

/** `calls 3 = 1500`: what a line is called, its units and its cents. */
const linesOf = ({ fees }: ReturnType<typeof bill>): string[] =>
  fees.map((fee) => `${fee.invoice_display_name ?? fee.item_code} ${fee.units} = ${fee.amount_cents}`);

describe('an adjusted fee', () => {
  const cases: [what: string, charges: UsedCharge[], adjusted: Partial<AdjustedFee>[], lines: string[]][] = [
    ['with units alone is priced as the charge prices them', [charge()], [{ units: '3' }], ['pro 1 = 12900', 'calls 3 = 1500']],
    ['with a price ignores that of the charge', [charge()], [{ units: '3', unit_precise_amount: '150.00' }], ['pro 1 = 12900', 'calls 3 = 45000']],
    ['is rounded once', [charge()], [{ units: '3', unit_precise_amount: '0.335' }], ['pro 1 = 12900', 'calls 3 = 101']],
    ['with a name is only called otherwise', [charge({ buckets: [bucket('4')] })], [{ invoice_display_name: 'Talk' }], ['pro 1 = 12900', 'Talk 4 = 2000']],
    ['of no units is on the bill all the same', [charge({ buckets: [bucket('4')] })], [{ units: '0' }], ['pro 1 = 12900', 'calls 0 = 0']],
    ['with a name is on the bill also where nothing was used', [charge()], [{ invoice_display_name: 'Talk' }], ['pro 1 = 12900', 'Talk 0 = 0']],
    ['of a subscription multiplies what its period costs', [], [{ fee_type: 'subscription', charge_id: null, units: '1.5' }], ['pro 1.5 = 19350']],
    ['of a subscription may have a price', [], [{ fee_type: 'subscription', charge_id: null, units: '2', unit_precise_amount: '10.001' }], ['pro 2 = 2000']],
    ['of a subscription may have a name', [], [{ fee_type: 'subscription', charge_id: null, invoice_display_name: 'Rent' }], ['Rent 1 = 12900']],
    ['of a graduated charge enters its tiers', [charge({ charge_model: 'graduated', properties: GRADUATED })], [{ units: '15' }], ['pro 1 = 12900', 'calls 15 = 1500']],
    ['of a package charge is sold in whole packages', [charge({ charge_model: 'package', properties: { amount: '3', package_size: 10, free_units: 0 } })], [{ units: '11' }], ['pro 1 = 12900', 'calls 11 = 600']],
    ['of a dynamic charge costs nothing without a price', [charge({ charge_model: 'dynamic', properties: {} })], [{ units: '11' }], ['pro 1 = 12900', 'calls 11 = 0']],
    ['of another charge leaves this one alone', [charge({ buckets: [bucket('4')] })], [{ charge_id: 'other', units: '1' }], ['pro 1 = 12900', 'calls 4 = 2000']],
    ['is of its filter', [charge({ buckets: [bucket('1', { filter: EU }), bucket('4')] })], [{ charge_filter_id: 'eu', units: '3' }], ['pro 1 = 12900', 'calls 3 = 600', 'calls 4 = 2000']],
    ['of a filter that is gone is on no bill', [charge({ buckets: [bucket('4')] })], [{ charge_filter_id: 'us', units: '3' }], ['pro 1 = 12900', 'calls 4 = 2000']],
    ['is of its group, in any order of the keys', [charge({ buckets: [bucket('4', { grouped_by: { a: '1', b: null } })] })], [{ grouped_by: { b: null, a: '1' }, units: '1' }], ['pro 1 = 12900', 'calls 1 = 500']],
    ['of a group that nothing was used of is added', [charge({ buckets: [bucket('4', { grouped_by: { a: '1' } })] })], [{ grouped_by: { a: '2' }, units: '1' }], ['pro 1 = 12900', 'calls 4 = 2000', 'calls 1 = 500']],
  ]; // prettier-ignore
  for (const [what, charges, list, expected] of cases)
    it(what, () => {
      assert.deepEqual(linesOf(bill(charges, list.map(adjusted))), expected);
    });

  it('counts no events, and keeps no details of a price that the charge did not make', () => {
    const [, byUnits] = bill([charge()], [adjusted({ units: '3' })]).fees;
    const [, byPrice] = bill([charge()], [adjusted({ units: '3', unit_precise_amount: '1' })]).fees;
    assert.deepEqual([byUnits?.events_count, byPrice?.events_count, byPrice?.amount_details], [0, 0, {}]);
    const own = adjusted({ fee_type: 'subscription', charge_id: null, units: '3', unit_precise_amount: '1' });
    assert.deepEqual(bill([], [own]).fees[0]?.amount_details, {});
    assert.deepEqual(bill([], [{ ...own, unit_precise_amount: null }]).fees[0]?.amount_details, {
      plan_amount_cents: 12_900,
    });
  });

  it('is not prorated: its units are whole, whatever the days', () => {
    const usage = { units: '2', full_units: '4', events_count: 1 };
    const prorated = charge({ buckets: [bucket('2', { usage })] });
    assert.deepEqual(linesOf(bill([prorated], [adjusted({ units: '4' })])), ['pro 1 = 12900', 'calls 4 = 2000']);
  });

  it('counts towards the minimum of its charge, also where a filter is adjusted', () => {
    const least = charge({ min_amount_cents: 10_000, buckets: [bucket('1', { filter: EU }), bucket('4')] });
    const trueUp = (list: AdjustedFee[]): number => bill([least], list).fees.at(-1)!.amount_cents;
    assert.equal(trueUp([]), 7800);
    assert.equal(trueUp([adjusted({ units: '6' })]), 6800);
    assert.equal(trueUp([adjusted({ charge_filter_id: 'eu', units: '1', unit_precise_amount: '78' })]), 200);
  });

  it('counts towards the minimum commitment', () => {
    const commitment: CommitmentToReach = {
      amount_cents: 20_000,
      invoice_display_name: null,
      taxes: [],
      span: MONTH,
      days: 30,
      period_days: 30,
      billed_before_cents: 0,
      counts_subscription_fee: true,
    };
    const missing = (list: AdjustedFee[]): number => bill([charge()], list, { commitment }).fees.at(-1)!.amount_cents;
    assert.equal(missing([]), 7100);
    assert.equal(missing([adjusted({ units: '3' })]), 5600);
    assert.equal(missing([adjusted({ fee_type: 'subscription', charge_id: null, units: '1.5' })]), 650);
  });

  it('of the units that were used costs what these cost, whatever the model', () => {
    const models: [ChargeModelName, object][] = [
      ['standard', { amount: '0.07' }],
      ['graduated', GRADUATED],
      ['package', { amount: '3', package_size: 7, free_units: 2 }],
      ['volume', { volume_ranges: GRADUATED.graduated_ranges }],
      ['graduated_percentage', { graduated_percentage_ranges: [{ from_value: 0, to_value: null, rate: '1.5', flat_amount: '0.2' }] }],
    ]; // prettier-ignore
    fc.assert(
      fc.property(fc.constantFrom(...models), fc.integer({ min: 0, max: 5000 }), ([charge_model, properties], used) => {
        const priced = { charge_model, properties: properties as Record<string, unknown>, currency: 'EUR' };
        const units = String(used);
        const computed = priceCharge({ ...priced, units, events_count: 0 });
        const byHand = adjustedNumbers({ units, unit_precise_amount: null }, priced);
        assert.equal(byHand?.amount_cents, computed.amount_cents);
        assert.equal(byHand?.precise_amount_cents, computed.precise_amount_cents);
      }),
    );
  });
});
