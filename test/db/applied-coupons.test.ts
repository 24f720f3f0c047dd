import assert from 'node:assert/strict';
import type { AppliedCoupon, Coupon } from '../../billing/coupons/coupon.ts';
import { endAppliedCoupons, giveCouponsBack, insertAppliedCoupon } from '../../db/applied-coupons.ts';
import { deleteCoupon, insertCoupon, updateCoupon } from '../../db/coupons.ts';
import { insertCredits } from '../../db/credits.ts';
import type { CustomerRow } from '../../db/customers.ts';
import { updateInvoice } from '../../db/invoices.ts';
import { createOrganization } from '../../db/organizations.ts';
import { rows } from '../../db/transaction.ts';
import { readUsableCoupons, recordCouponUses } from '../../db/usable-coupons.ts';
import { Builders } from '../support/builders.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';

const START = '2026-01-01T00:00:00.000Z';
const AT = '2026-03-01T00:00:00.000Z';
const LATER = '2026-04-01T00:00:00.000Z';

const COUPON = {
  name: 'Coupon',
  code: 'coupon',
  description: null,
  coupon_type: 'fixed_amount',
  amount_cents: 1000,
  amount_currency: 'EUR',
  percentage_rate: null,
  frequency: 'once',
  frequency_duration: null,
  expiration: 'no_expiration',
  expiration_at: null,
  reusable: true,
  limited_plans: false,
  limited_billable_metrics: false,
} as const;

describe('coupons that customers have', () => {
  let database: TestDatabase;
  let build: Builders;
  let customer: CustomerRow;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    const made = { name: 'Acme', sandbox: false, at: START, secret: TEST_SECRET };
    build = new Builders(database.db, (await createOrganization(database.db, made)).organization.id, START);
    customer = await build.customer();
  });

  /** A coupon that the customer has. Answers with its id. */
  const give = (terms: Partial<Coupon>, code = 'coupon'): Promise<string> =>
    build.write(async (trx) => {
      const coupon = await insertCoupon(trx, { ...COUPON, ...terms, code }, START);
      const { amount_cents, amount_currency, percentage_rate, frequency, frequency_duration } = coupon;
      await insertAppliedCoupon(
        trx,
        {
          ...{ amount_cents, amount_currency, percentage_rate, frequency, frequency_duration },
          coupon_id: coupon.id,
          customer_id: customer.id,
          frequency_duration_remaining: frequency_duration,
        },
        START,
      );
      return coupon.id;
    });

  /** An invoice that all coupons of the customer are used on. */
  const use = async (amount_cents: number): Promise<string> => {
    const invoice = await build.invoice(customer);
    await build.write(async (trx) => {
      const uses = (await readUsableCoupons(trx, customer.id)).map((coupon) => ({ coupon, amount_cents }));
      const common = { invoice_id: invoice.id, amount_cents, amount_currency: 'EUR', created_at: AT };
      await insertCredits(
        trx,
        uses.map(({ coupon }) => ({ ...common, applied_coupon_id: coupon.id })),
      );
      await recordCouponUses(trx, uses, AT);
    });
    return invoice.id;
  };

  const voidInvoice = (id: string): Promise<void> =>
    build.write(async (trx) => {
      await updateInvoice(trx, id, { status: 'voided', voided_at: LATER, updated_at: LATER });
      await giveCouponsBack(trx, id, LATER);
    });

  const had = (): Promise<AppliedCoupon> =>
    build.write(async (trx) => {
      const [applied] = await rows<AppliedCoupon>(trx, 'applied_coupons');
      assert(applied);
      return applied;
    });
  const leftOver = (): Promise<(number | null)[]> =>
    build.write(async (trx) => (await readUsableCoupons(trx, customer.id)).map(({ amount_cents }) => amount_cents));

  it('have what is left of them after the invoices that count', async () => {
    await give({});
    await use(300);
    const voided = await use(200);
    assert.deepEqual(await leftOver(), [500]);
    await voidInvoice(voided);
    assert.deepEqual(await leftOver(), [700]);
    await use(700);
    assert.deepEqual(await leftOver(), []);
    assert.deepEqual([(await had()).status, (await had()).terminated_at], ['terminated', AT]);
  });

  const back: [what: string, terms: Partial<Coupon>, after: Partial<AppliedCoupon>][] = [
    ['a fixed amount that it used up', {}, { status: 'active', terminated_at: null }],
    [
      'a percentage that is used once',
      { coupon_type: 'percentage', amount_cents: null, amount_currency: null, percentage_rate: '10' },
      { status: 'active' },
    ],
    [
      'the last invoice of a recurring one',
      { frequency: 'recurring', frequency_duration: 1 },
      { status: 'active', frequency_duration_remaining: 1 },
    ],
    [
      'an invoice of a recurring one that goes on',
      { frequency: 'recurring', frequency_duration: 3 },
      { status: 'active', frequency_duration_remaining: 3 },
    ],
    ['nothing of one that is forever', { frequency: 'forever' }, { status: 'active' }],
  ];
  for (const [what, terms, after] of back)
    it(`give back with a voided invoice ${what}`, async () => {
      await give(terms);
      await voidInvoice(await use(1000));
      const applied = await had();
      assert.deepEqual({ ...applied, ...after }, applied);
    });

  it('stay ended where the coupon itself has ended', async () => {
    const coupon_id = await give({});
    const invoice = await use(1000);
    const expiring = { expiration: 'time_limit', expiration_at: AT } as const;
    await build.write((trx) => updateCoupon(trx, coupon_id, expiring, START));
    await voidInvoice(invoice);
    assert.equal((await had()).status, 'terminated', 'it has expired');

    await build.write((trx) => updateCoupon(trx, coupon_id, { ...expiring, expiration_at: '2027-01-01T00:00:00.000Z' }, AT)); // prettier-ignore
    await build.write((trx) => deleteCoupon(trx, coupon_id, AT));
    await build.write((trx) => giveCouponsBack(trx, invoice, LATER));
    assert.equal((await had()).status, 'terminated', 'it was deleted');
  });

  it('stay ended where they are forever and were taken away', async () => {
    await give({ frequency: 'forever' });
    const invoice = await use(100);
    await build.write((trx) => endAppliedCoupons(trx, { customer_id: customer.id }, AT));
    await voidInvoice(invoice);
    assert.equal((await had()).status, 'terminated');
  });

  it('end with their customer, all of them and once', async () => {
    await give({});
    await give({ frequency: 'forever' }, 'other');
    await build.write((trx) => endAppliedCoupons(trx, { customer_id: customer.id }, AT));
    await build.write((trx) => endAppliedCoupons(trx, { customer_id: customer.id }, LATER));
    const all = await build.write((trx) => rows<AppliedCoupon>(trx, 'applied_coupons'));
    assert.deepEqual(
      all.map(({ status, terminated_at }) => [status, terminated_at]),
      [['terminated', AT], ['terminated', AT]], // prettier-ignore
    );
    assert.deepEqual(await leftOver(), []);
  });
});
