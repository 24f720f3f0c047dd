import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createInvoiceActivities } from '../../activities/invoices/index.ts';
import type { AppliedCoupon, Coupon } from '../../billing/coupons/coupon.ts';
import { insertAppliedCoupon } from '../../db/applied-coupons.ts';
import { insertCoupon } from '../../db/coupons.ts';
import type { CreditOfInvoice } from '../../db/credits.ts';
import { createOrganization } from '../../db/organizations.ts';
import { rows } from '../../db/transaction.ts';
import { Builders } from '../support/builders.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';

const START = '2026-01-01T00:00:00.000Z';
const AT = '2026-12-01T00:00:00.000Z';
const MONTHS = Array.from({ length: 8 }, (_, index) => `2026-0${index + 1}-01T00:00:00.000Z`);

describe('invoices of a customer that become final at the same instant', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  /** Eight drafts of 30 EUR each, and a coupon. */
  async function finalizeAll(terms: Pick<Coupon, 'coupon_type' | 'frequency'> & Partial<Coupon>) {
    const { organization } = await createOrganization(database.db, {
      name: 'Eight',
      sandbox: false,
      at: START,
      secret: TEST_SECRET,
    });
    const build = new Builders(database.db, organization.id, START);
    const [customer, plan] = [await build.customer(), await build.plan()];
    const subscription = await build.subscription(customer, plan, { subscription_at: START });
    await build.write(async (trx) => {
      const coupon = await insertCoupon(trx, { ...COUPON, ...terms }, START);
      const { amount_cents, amount_currency, percentage_rate, frequency, frequency_duration } = coupon;
      const applied = { amount_cents, amount_currency, percentage_rate, frequency, frequency_duration };
      await insertAppliedCoupon(
        trx,
        {
          ...applied,
          coupon_id: coupon.id,
          customer_id: customer.id,
          frequency_duration_remaining: frequency_duration,
        },
        START,
      );
    });
    const drafts = await Promise.all(
      MONTHS.map((from, index) => {
        const to = MONTHS[index + 1] ?? '2026-09-01T00:00:00.000Z';
        const span = { subscription_from: from, subscription_to: to, charges_from: from, charges_to: to };
        return build.invoice(
          customer,
          { status: 'draft', billing_at: to, finalized_at: null },
          { periods: [{ subscription_id: subscription.id, plan_id: plan.id, ...span }] },
        );
      }),
    );

    const log = pino({ level: 'silent' });
    const { finalize } = createInvoiceActivities({
      db: database.db,
      log,
      settings: undefined as never,
      wallClock: () => AT,
    });
    const call = { organization_id: organization.id, at: AT };
    await Promise.all(drafts.flatMap(({ id }) => [1, 2].map(() => finalize({ ...call, invoice_id: id }))));
    return build.write(async (trx) => {
      const credits = await rows<CreditOfInvoice>(trx, 'credits');
      const [applied] = await rows<AppliedCoupon>(trx, 'applied_coupons');
      const totals = await rows(trx, 'invoices').where({ status: 'finalized' }).orderBy('total_amount_cents');
      return {
        credits: credits.map(({ amount_cents }) => amount_cents).sort((a, b) => a - b),
        totals: totals.map((invoice) => invoice['total_amount_cents']),
        applied: [applied?.status, applied?.frequency_duration_remaining],
      };
    });
  }

  it('use the cents of a fixed coupon once', async () => {
    const terms = {
      coupon_type: 'fixed_amount',
      frequency: 'once',
      amount_cents: 10_000,
      amount_currency: 'EUR',
    } as const;
    assert.deepEqual(await finalizeAll(terms), {
      credits: [1000, 3000, 3000, 3000],
      totals: [0, 0, 0, 2000, 3000, 3000, 3000, 3000],
      applied: ['terminated', null],
    });
  });

  it('use a percentage once', async () => {
    const terms = { coupon_type: 'percentage', frequency: 'once', percentage_rate: '50' } as const;
    const { credits, applied } = await finalizeAll(terms);
    assert.deepEqual([credits, applied], [[1500], ['terminated', null]]);
  });

  it('use a recurring coupon as often as it is for', async () => {
    const terms = {
      coupon_type: 'percentage',
      frequency: 'recurring',
      frequency_duration: 3,
      percentage_rate: '10',
    } as const;
    const { credits, applied } = await finalizeAll(terms);
    assert.deepEqual(
      [credits, applied],
      [
        [300, 300, 300],
        ['terminated', 0],
      ],
    );
  });
});

const COUPON = {
  name: 'Coupon',
  code: 'coupon',
  description: null,
  amount_cents: null,
  amount_currency: null,
  percentage_rate: null,
  frequency_duration: null,
  expiration: 'no_expiration',
  expiration_at: null,
  reusable: true,
  limited_plans: false,
  limited_billable_metrics: false,
} as const;
