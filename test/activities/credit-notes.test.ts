import assert from 'node:assert/strict';
import { pino } from 'pino';
import { issueCreditNote } from '../../activities/credit-notes/issue-credit-note.ts';
import { voidCreditNote } from '../../activities/credit-notes/void-credit-note.ts';
import { createInvoiceActivities } from '../../activities/invoices/index.ts';
import { computeItems } from '../../billing/credit-notes/compute-items.ts';
import { NO_PARTS } from '../../billing/credit-notes/credit-note.ts';
import { BillingError } from '../../billing/errors.ts';
import { Decimal } from '../../billing/money/decimal.ts';
import { type CreditNoteRow } from '../../db/credit-notes.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import { createOrganization } from '../../db/organizations.ts';
import { inOrganization, rows } from '../../db/transaction.ts';
import { Builders } from '../support/builders.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';

const START = '2026-01-01T00:00:00.000Z';
const AT = '2026-12-01T00:00:00.000Z';
const MONTHS = Array.from({ length: 8 }, (_, index) => `2026-0${index + 1}-01T00:00:00.000Z`);

describe('credit notes under concurrency', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  /** Eight drafts of 30 EUR each, and notes with what is given of an earlier invoice. */
  async function prepare(credits: readonly number[]) {
    const { organization } = await createOrganization(database.db, { name: 'Eight', sandbox: false, at: START, secret: TEST_SECRET }); // prettier-ignore
    const build = new Builders(database.db, organization.id, START);
    const [customer, plan] = [await build.customer(), await build.plan()];
    const subscription = await build.subscription(customer, plan, { subscription_at: START });
    const earlier = await build.invoice(customer, { occasion: 'earlier' }, { fees: [{ amount_cents: 100_000 }] });
    const notes: CreditNoteRow[] = [];
    for (const cents of credits)
      notes.push(
        await build.write(async (trx) => {
          const facts = await readCreditableInvoice(trx, earlier);
          const computed = computeItems([{ fee: facts.fees[0]!, amount: new Decimal(cents) }], facts);
          const wanted = { ...NO_PARTS, credit_amount_cents: cents };
          return (await issueCreditNote(trx, earlier, facts, { computed, wanted, reason: 'other' }, START))!;
        }),
      );
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
    const settings = undefined as never;
    const { finalize } = createInvoiceActivities({ db: database.db, log: pino({ level: 'silent' }), settings, wallClock: () => AT }); // prettier-ignore
    const call = { organization_id: organization.id, at: AT };
    return { build, notes, finalizeAll: () => Promise.all(drafts.flatMap(({ id }) => [1, 2].map(() => finalize({ ...call, invoice_id: id })))) }; // prettier-ignore
  }

  const readAll = (build: Builders) =>
    build.write(async (trx) => ({
      used: (await rows<{ amount_cents: number }>(trx, 'credits')).reduce((total, one) => total + one.amount_cents, 0),
      totals: (await rows(trx, 'invoices').where({ occasion: 'periodic' }).orderBy('total_amount_cents')).map((one) => one['total_amount_cents']), // prettier-ignore
      notes: (await rows<CreditNoteRow>(trx, 'credit_notes').orderBy('sequential_id')).map((note) => [
        note.balance_amount_cents,
        note.credit_status,
      ]),
    }));

  it('give each cent to one invoice, the oldest note first', async () => {
    const { build, finalizeAll } = await prepare([4000, 4000, 9000]);
    await finalizeAll();
    assert.deepEqual(await readAll(build), {
      used: 17_000,
      totals: [0, 0, 0, 0, 0, 1000, 3000, 3000],
      notes: [
        [0, 'consumed'],
        [0, 'consumed'],
        [0, 'consumed'],
      ],
    });
  });

  it('keep what eight invoices did not need', async () => {
    const { build, finalizeAll } = await prepare([20_000, 10_000]);
    await finalizeAll();
    const { used, totals, notes } = await readAll(build);
    assert.deepEqual([used, totals, notes], [24_000, Array(8).fill(0), [[0, 'consumed'], [6000, 'available']]]); // prettier-ignore
  });

  it('are voided or used, and never both', async () => {
    const { build, notes, finalizeAll } = await prepare([12_000]);
    const [note] = notes;
    const voiding = inOrganization(database.db, note!.organization_id, (trx) => voidCreditNote(trx, note!, AT)).catch(
      (error: unknown) => {
        assert(error instanceof BillingError);
        assert.equal(error.code, 'no_voidable_amount');
      },
    );
    await Promise.all([finalizeAll(), voiding]);
    const { used, totals } = await readAll(build);
    const paid = totals.reduce((total: number, cents) => total + (cents as number), 0);
    assert.equal(used + paid, 24_000);
    assert(used <= 12_000);
  });
});
