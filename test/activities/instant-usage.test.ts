import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createSubscriptionActivities, type SubscriptionActivities } from '../../activities/subscriptions.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { createEventWriter, type EventWriter, type NewEvent } from '../../db/events.ts';
import type { FeeRow } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { rows } from '../../db/transaction.ts';
import { Builders } from '../support/builders.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';

const START = '2026-03-01T00:00:00.000Z';
const AT = '2026-03-10T12:00:00.000Z';

/** An organization whose subscription pays for calls as they come. */
class Story {
  readonly build: Builders;
  readonly writer: EventWriter;
  readonly activities: SubscriptionActivities;
  readonly organization_id: string;
  subscription_id = '';

  constructor({ db }: TestDatabase, organization_id: string) {
    this.build = new Builders(db, organization_id, START);
    this.writer = createEventWriter(db);
    this.organization_id = organization_id;
    const log = pino({ level: 'silent' });
    this.activities = createSubscriptionActivities({
      db,
      log,
      settings: { termination_alert_days: [] } as never,
      wallClock: () => AT,
    });
  }

  async subscribe({ invoiceable = false, isPaidInAdvance = true } = {}): Promise<void> {
    const [customer, metric] = [await this.build.customer(), await this.build.metric('calls')];
    const graduated_ranges = [
      { from_value: 0, to_value: 500, per_unit_amount: '0', flat_amount: '0' },
      { from_value: 501, to_value: null, per_unit_amount: '2', flat_amount: '0' },
    ];
    const plan = await this.build.plan('pro', {}, [
      {
        billable_metric_id: metric.id,
        charge_model: 'graduated',
        properties: { graduated_ranges },
        pay_in_advance: isPaidInAdvance,
        invoiceable: isPaidInAdvance ? invoiceable : true,
      },
    ]);
    this.subscription_id = (await this.build.subscription(customer, plan)).id;
  }

  send(transaction_ids: readonly string[], changes: Partial<NewEvent> = {}): Promise<readonly number[]> {
    return this.writer.write(
      this.organization_id,
      transaction_ids.map((transaction_id) => ({
        id: newId(),
        external_subscription_id: 'sub',
        transaction_id,
        code: 'calls',
        timestamp: AT,
        properties: {},
        precise_total_amount_cents: null,
        metadata: { user_agent: null, ip_address: '127.0.0.1' },
        created_at: AT,
        ...changes,
      })),
    );
  }

  count(table: string): Promise<number> {
    return this.build.write(async (trx) => Number((await rows(trx, table).count({ count: '*' }))[0]?.['count']));
  }

  fees(): Promise<FeeRow[]> {
    return this.build.write((trx) => rows<FeeRow>(trx, 'fees').orderBy(['created_at', 'id']));
  }

  /** Takes steps as the workflow does, until none of this kind is next. How many it took. */
  async charge(at: Instant = AT): Promise<number> {
    const call = { organization_id: this.organization_id, subscription_id: this.subscription_id };
    let taken = 0;
    let step = await this.activities.planSubscription({ ...call, at });
    while (step.kind === 'charge_usage' && step.due_at !== null) {
      step = await this.activities.chargeUsage({ ...call, at: step.due_at });
      taken++;
    }
    return taken;
  }
}

describe('usage that is paid for at once', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  async function story(terms: Parameters<Story['subscribe']>[0] = {}): Promise<Story> {
    const { organization } = await createOrganization(database.db, {
      name: 'Instant',
      sandbox: false,
      at: START,
      secret: TEST_SECRET,
    });
    const told = new Story(database, organization.id);
    await told.subscribe(terms);
    return told;
  }

  it('is queued with its event, and rings its subscription once for all events of a statement', async () => {
    const told = await story();
    await told.send(['a', 'b', 'c']);
    assert.equal(await told.count('instant_usage'), 3);
    const rung = await told.build.write((trx) => rows(trx, 'outbox').pluck('workflow_id'));
    assert.deepEqual(rung, [`subscription/${told.subscription_id}`]);
  });

  it('queues nothing that nobody charges for at once', async () => {
    const told = await story();
    await told.send(['code'], { code: 'storage' });
    await told.send(['subscription'], { external_subscription_id: 'other' });
    await told.send(['none'], { external_subscription_id: null });
    await told.send(['early'], { timestamp: '2026-02-01T00:00:00.000Z' });
    assert.equal(await told.count('instant_usage'), 0);
    assert.equal(await told.count('outbox'), 0);

    const arrears = await story({ isPaidInAdvance: false });
    await arrears.send(['a']);
    assert.equal(await arrears.count('instant_usage'), 0);
    assert.equal(await arrears.count('outbox'), 0);
  });

  it('queues nothing of a request of which a part is stored already', async () => {
    const told = await story();
    await told.send(['a']);
    assert.deepEqual(await told.send(['b', 'a']), [1]);
    assert.equal(await told.count('instant_usage'), 1);
  });

  it('a burst of 1,000 events gives each fee exactly once, however it came in and whoever charges for it', async () => {
    const told = await story();
    const names = Array.from({ length: 1000 }, (_, index) => `burst ${index}`);
    await Promise.all(names.map((name) => told.send([name])));
    assert.ok((await told.count('outbox')) < 100, 'one ring for many events');

    const steps = await Promise.all([told.charge(), told.charge(), told.charge()]);
    assert.ok(steps.reduce((a, b) => a + b) < 50, 'many events a step');
    const fees = await told.fees();
    assert.equal(fees.length, 1000);
    assert.deepEqual(new Set(fees.map((fee) => fee.event_transaction_id)), new Set(names));
    const cents = fees.reduce((total, fee) => total + fee.amount_cents, 0);
    assert.equal(cents, 500 * 200, 'the first 500 are free');
    assert.equal(await told.count('instant_usage'), 0);
    assert.equal(await told.count('outbox'), 0);
    assert.equal(await told.charge(), 0);
  });

  it('charges for events that come in while others are charged for', async () => {
    const told = await story();
    const send = async (name: string): Promise<void> => {
      for (let index = 0; index < 50; index++) await told.send([`${name} ${index}`]);
    };
    const sending = Promise.all(['a', 'b', 'c', 'd'].map(send));
    let isOver = false;
    void sending.then(() => (isOver = true));
    while (!isOver) await told.charge();
    await sending;
    await told.charge();
    assert.equal((await told.fees()).length, 200);
  });

  it('is dated by the instant at which the event came in, and belongs to the period of the event', async () => {
    const told = await story();
    await told.send(['late'], { timestamp: '2026-03-05T08:00:00.000Z', created_at: '2026-04-02T09:00:00.000Z' });
    const call = { organization_id: told.organization_id, subscription_id: told.subscription_id };
    await told.build.write((trx) => rows(trx, 'subscriptions').update({ activated_at: '2026-04-02T00:00:00.000Z' }));
    assert.equal(await told.charge('2026-04-02T09:00:00.000Z'), 1);
    const [fee] = await told.fees();
    assert.equal(fee?.created_at, '2026-04-02T09:00:00.000Z');
    assert.equal(fee?.to_at, '2026-04-01T00:00:00.000Z');
    assert.equal((await told.activities.planSubscription({ ...call, at: AT })).kind, 'bill_period');
  });

  it('has a final invoice for each event where it is invoiced', async () => {
    const told = await story({ invoiceable: true });
    await told.build.write((trx) => trx('organizations').update({ invoice_grace_period: 3 }));
    await told.send(['a', 'b']);
    await told.charge();
    const invoices = await told.build.write((trx) => rows(trx, 'invoices').orderBy('number'));
    assert.deepEqual(
      invoices.map((invoice) => [invoice['status'], invoice['payment_status'], invoice['sequential_id']]),
      [['finalized', 'succeeded', 1], ['finalized', 'succeeded', 2]], // prettier-ignore
    );
    const fees = await told.fees();
    assert.deepEqual(new Set(fees.map((fee) => fee.invoice_id)), new Set(invoices.map((invoice) => invoice['id'])));
    const reasons = await told.build.write((trx) => rows(trx, 'billing_periods').pluck('invoicing_reason'));
    assert.deepEqual(reasons, ['in_advance_charge', 'in_advance_charge']);
  });

  it('is not charged for when its subscription was ended before it, in the meantime', async () => {
    const told = await story();
    await told.send(['a']);
    await told.build.write((trx) =>
      rows(trx, 'subscriptions').update({
        status: 'terminated',
        terminated_at: '2026-03-10T11:00:00.000Z',
        on_termination_invoice: 'skip',
      }),
    );
    await told.charge();
    assert.equal((await told.fees()).length, 0);
    assert.equal(await told.count('instant_usage'), 0);
  });
});
