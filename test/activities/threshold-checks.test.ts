import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createSubscriptionActivities, type SubscriptionActivities } from '../../activities/subscriptions.ts';
import { addMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { createEventWriter, type NewEvent } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import { createOrganization } from '../../db/organizations.ts';
import { hear } from '../../db/outbox.ts';
import { countMarks, recordCheck } from '../../db/threshold-checks.ts';
import { inOrganization, rows, type Transaction } from '../../db/transaction.ts';
import { findApplicableThresholds, replaceUsageThresholds, type ThresholdOwner } from '../../db/usage-thresholds.ts';
import { Builders } from '../support/builders.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';

const START = '2026-03-01T00:00:00.000Z';
const AT = '2026-03-10T12:00:00.000Z';
const later = (seconds: number): Instant => addMilliseconds(AT, seconds * 1000);

describe('checks of thresholds', () => {
  let database: TestDatabase;
  let organization_id: string;
  let build: Builders;
  let activities: SubscriptionActivities;
  let subscription_id: string;
  let plan_id: string;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  beforeEach(async () => {
    const { db } = database;
    const made = await createOrganization(db, { name: 'Acme', sandbox: false, at: START, secret: TEST_SECRET });
    organization_id = made.organization.id;
    build = new Builders(db, organization_id, START);
    const settings = { termination_alert_days: [] } as never;
    activities = createSubscriptionActivities({ db, log: pino({ level: 'silent' }), settings, wallClock: () => AT });
    const metric = await build.metric('calls');
    const plan = await build.plan('pro', {}, [{ billable_metric_id: metric.id, properties: { amount: '1' } }]);
    plan_id = plan.id;
    subscription_id = (await build.subscription(await build.customer(), plan)).id;
    await read((trx) => hear(trx, `subscription/${subscription_id}`));
  });

  const read = <T>(work: (trx: Transaction) => Promise<T>): Promise<T> =>
    inOrganization(database.db, organization_id, work);

  const thresholds = (owner: ThresholdOwner, ...amounts: number[]): Promise<void> =>
    read((trx) =>
      replaceUsageThresholds(
        trx,
        owner,
        amounts.map((amount_cents) => ({ amount_cents, threshold_display_name: null, recurring: false })),
        START,
      ),
    );

  async function send(count: number, at: Instant = AT, changes: Partial<NewEvent> = {}): Promise<void> {
    const events = Array.from({ length: count }, () => ({
      id: newId(),
      external_subscription_id: 'sub',
      transaction_id: newId(),
      code: 'calls',
      timestamp: at,
      properties: {},
      precise_total_amount_cents: null,
      metadata: { user_agent: null, ip_address: '127.0.0.1' },
      created_at: at,
      ...changes,
    }));
    await createEventWriter(database.db).write(organization_id, events);
  }

  const marks = (): Promise<object[]> => read((trx) => rows(trx, 'threshold_checks'));
  const rings = (): Promise<number> =>
    read(async (trx) => (await rows(trx, 'outbox').where({ workflow_id: `subscription/${subscription_id}` })).length);
  const invoices = (): Promise<InvoiceRow[]> =>
    read((trx) => rows<InvoiceRow>(trx, 'invoices').orderBy(['created_at', 'id']));
  const plan = (at: Instant) => activities.planSubscription({ organization_id, subscription_id, at });

  /** As the workflow does: asks what is next, and takes it if it is due. */
  async function look(at: Instant): Promise<Instant | null> {
    const step = await plan(at);
    if (step.kind !== 'check_thresholds') return null;
    if (step.due_at !== null && step.due_at <= at)
      await activities.checkThresholds({ organization_id, subscription_id, at: step.due_at });
    return step.due_at;
  }

  it('cost nothing where there are no thresholds', async () => {
    await send(3);
    assert.deepEqual(await marks(), []);
    assert.equal(await rings(), 0);
    assert.equal((await plan(AT)).kind, 'bill_period');
  });

  const none: [what: string, prepare: () => Promise<void>][] = [
    ['of another plan', async () => thresholds({ plan_id: (await build.plan('other')).id }, 100)],
    ['that were taken away', async () => (await thresholds({ plan_id }, 100), thresholds({ plan_id }))],
    [
      'that do not count for this subscription',
      async () => {
        await thresholds({ plan_id }, 100);
        await read((trx) =>
          rows(trx, 'subscriptions').where({ id: subscription_id }).update({ progressive_billing_disabled: true }),
        );
      },
    ],
  ];
  for (const [what, prepare] of none)
    it(`cost nothing with thresholds ${what}`, async () => {
      await prepare();
      await send(3);
      assert.deepEqual(await marks(), []);
      assert.equal(await rings(), 0);
    });

  it('are asked for once, however much comes in until one is made', async () => {
    await thresholds({ plan_id }, 1000);
    for (let n = 0; n < 5; n++) await send(2);
    assert.equal((await marks()).length, 1);
    assert.equal(await rings(), 1);
    assert.equal(await look(AT), AT);

    await send(1, later(20));
    assert.equal(await rings(), 1);
  });

  it('are made at once at first, then once a minute at most', async () => {
    await thresholds({ plan_id }, 500, 800);
    await send(4);
    assert.equal(await look(AT), AT);
    await send(1, later(10));
    assert.equal(await look(later(10)), later(60));
    assert.equal((await invoices()).length, 0);
    await send(2, later(30));
    assert.equal(await look(later(60)), later(60));
    assert.equal((await invoices())[0]?.total_amount_cents, 700);

    await send(1, later(300));
    assert.equal(await look(later(300)), later(300));
    assert.deepEqual(
      (await invoices()).map(({ total_amount_cents }) => total_amount_cents),
      [700, 100],
    );
    assert.equal(await look(later(301)), null);
  });

  it('taken twice make one invoice', async () => {
    await thresholds({ plan_id }, 500);
    await send(5);
    const call = { organization_id, subscription_id, at: AT };
    await Promise.all([activities.checkThresholds(call), activities.checkThresholds(call)]);
    await activities.checkThresholds(call);
    assert.equal((await invoices()).length, 1);
  });

  it('do not take for seen what comes in while they are made', async () => {
    await thresholds({ plan_id }, 500);
    await send(1);
    let sent: Promise<void> | undefined;
    await read(async (trx) => {
      const seen = await countMarks(trx, subscription_id);
      // Usage has been read; then more comes in, and more while this is being committed.
      await send(1);
      await recordCheck(trx, subscription_id, seen, AT);
      sent = send(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await sent;
    const [mark] = (await marks()) as [{ marks_count: number; checked_count: number }];
    assert.deepEqual([mark.marks_count, mark.checked_count], [3, 1]);
    assert.equal((await plan(later(60))).kind, 'check_thresholds');
  });

  it('ring again when usage comes in after one was made, also while it is being committed', async () => {
    await thresholds({ plan_id }, 500);
    await send(1);
    let sent: Promise<void> | undefined;
    await read(async (trx) => {
      await hear(trx, `subscription/${subscription_id}`);
      await recordCheck(trx, subscription_id, await countMarks(trx, subscription_id), AT);
      sent = send(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await sent;
    assert.equal(await rings(), 1);
  });

  it('follow the thresholds of the parent of a plan without its own', async () => {
    const parent = await build.plan('parent');
    await thresholds({ plan_id: parent.id }, 300);
    await read((trx) => rows(trx, 'plans').where({ id: plan_id }).update({ parent_id: parent.id }));
    const applicable = () =>
      read(async (trx) =>
        (await findApplicableThresholds(trx, [subscription_id]))(subscription_id).map((one) => one.amount_cents),
      );
    assert.deepEqual(await applicable(), [300]);
    await send(3);
    await look(AT);
    assert.equal((await invoices()).length, 1);

    await thresholds({ plan_id }, 900);
    assert.deepEqual(await applicable(), [900]);
    await thresholds({ subscription_id }, 50, 60);
    assert.deepEqual(await applicable(), [50, 60]);
  });
});
