import assert from 'node:assert/strict';
import fc from 'fast-check';
import { timezones } from '../billing/subscriptions/arbitraries.ts';
import { type InvoiceObject, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

const DAY_MS = 24 * 3600 * 1000;
const LIVES = 6;
const OPENING = Date.parse('2026-01-10T12:00:00Z');

interface Life {
  readonly interval: string;
  readonly billing_time: string;
  readonly pay_in_advance: boolean;
  readonly timezone: string;
  /** Days after the opening. */
  readonly start: number;
  readonly end: number;
}

/** Half of the ends come while others still go on. */
const anyLife: fc.Arbitrary<Life> = fc.record({
  interval: fc.constantFrom('monthly', 'monthly', 'quarterly', 'semiannual', 'yearly'),
  billing_time: fc.constantFrom('calendar', 'anniversary'),
  pay_in_advance: fc.boolean(),
  timezone: fc.constantFrom(...timezones),
  start: fc.integer({ min: 1, max: 100 }),
  end: fc.integer({ min: 200, max: 730 }),
});

const instant = (days: number): string => new Date(OPENING + days * DAY_MS).toISOString();

async function begin(
  billing: Sandbox,
  { start, end, timezone, billing_time, ...terms }: Life,
  id: string,
): Promise<void> {
  const billable_metric_id = (await billing.get('/billable_metrics/calls')).billable_metric.lago_id;
  await billing.subscribe({
    plan: { code: id, amount_cents: 0, charges: [standard(billable_metric_id, '1')], ...terms },
    customer: { external_id: id, timezone },
    external_id: id,
    billing_time,
    subscription_at: instant(start),
    ending_at: instant(end),
  });
  // One at every noon, long before and long after.
  const noons = Array.from({ length: 740 }, (_, day) => ({ subscription: id, at: instant(day) }));
  for (let from = 0; from < noons.length; from += 100) await billing.use('calls', ...noons.slice(from, from + 100));
}

/** The spans of its usage in their order, empty ones left out. */
function usageSpans(invoices: readonly InvoiceObject[]): [from: number, to: number][] {
  const periods = invoices.flatMap(({ billing_periods }) => billing_periods);
  return periods
    .map((one): [number, number] => [Date.parse(one.charges_from_datetime), Date.parse(one.charges_to_datetime)])
    .filter(([from, to]) => from < to)
    .sort(([one], [other]) => one - other);
}

stories('over two years, whatever the intervals, time zones and dates', () => {
  it(`every use of ${LIVES} subscriptions is billed once`, async function () {
    this.timeout(240_000);
    const [lives] = fc.sample(fc.array(anyLife, { minLength: LIVES, maxLength: LIVES }), {
      numRuns: 1,
      seed: 20_260_110,
    });
    assert(lives);
    const billing = await sandbox({ at: instant(0) });
    await billing.metric('calls');
    for (const [index, life] of lives.entries()) await begin(billing, life, `life-${index}`);
    await billing.clock.moveTo(instant(731));

    for (const [index, life] of lives.entries()) {
      const told = JSON.stringify(life);
      const id = `life-${index}`;
      const { started_at, terminated_at } = await billing.subscription(id, 'terminated');
      const invoices = await billing.invoices(`&external_customer_id=${id}`);

      const spans = usageSpans(invoices);
      assert.equal(spans[0]?.[0], Math.floor(Date.parse(started_at) / 1000) * 1000, told);
      for (const [before, after] of spans.slice(1).map((span, at) => [spans[at]!, span] as const))
        assert.equal(before[1] + 1000, after[0], told);

      const begun = Date.parse(started_at);
      const ended = Date.parse(terminated_at);
      const noons = Array.from({ length: 740 }, (_, day) => Date.parse(instant(day)));
      // At a boundary, the instant of the end belongs to the period that nobody began.
      const last = spans.at(-1)![1] + 1000;
      assert(last === ended || last === ended + 1000, `${told}: ${last} ${ended}`);
      const used = noons.filter((at) => at >= begun && at < last).length;
      const units = invoices.flatMap(({ fees }) => fees).filter(({ item }) => item.type === 'charge').map((fee) => Number(fee.units)); // prettier-ignore
      assert.equal(units.reduce((sum, one) => sum + one, 0), used, told); // prettier-ignore
    }
  });
});
