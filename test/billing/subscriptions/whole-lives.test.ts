import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { localDate } from '../../../billing/clock/calendar.ts';
import {
  type Instant,
  type Span,
  addMilliseconds,
  fromMilliseconds,
  latest,
  toMilliseconds,
} from '../../../billing/clock/instant.ts';
import { Decimal, sum } from '../../../billing/money/decimal.ts';
import { billingSpans, type SubscriptionReason } from '../../../billing/subscriptions/billing-spans.ts';
import { isBilledAtStart, nextStep, type SubscriptionStepFacts } from '../../../billing/subscriptions/next-step.ts';
import { type Terms, intervals, periodAt } from '../../../billing/subscriptions/periods.ts';
import { type PlanChange, planChange } from '../../../billing/subscriptions/plan-change.ts';
import { subscriptionFee } from '../../../billing/subscriptions/subscription-fee.ts';
import { anyTerms } from './arbitraries.ts';
import { pending } from './step-facts.ts';

const DAY_MS = 86_400_000;
/** A life takes some milliseconds; thousands were lived when this was written. */
const RUNS = 60;

interface Plan {
  readonly interval: (typeof intervals)[number];
  readonly amount_cents: number;
  readonly pay_in_advance: boolean;
  readonly bill_charges_monthly: boolean | null;
}

const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    interval: fc.constantFrom(...intervals),
    amount_cents: fc.nat({ max: 1_000_000 }),
    pay_in_advance: fc.boolean(),
    isMonthly: fc.boolean(),
  })
  .map(({ isMonthly, ...plan }) => ({
    ...plan,
    bill_charges_monthly: plan.interval === 'yearly' || plan.interval === 'semiannual' ? isMonthly : null,
  }));

/** What was billed of one subscription. */
interface Billed {
  readonly at: Instant;
  readonly reason: SubscriptionReason;
  readonly charges: Span;
  readonly amount: Decimal | undefined;
}

/** One subscription of a chain: what the rows say of it, and its bills. */
interface Row {
  plan: Plan;
  facts: SubscriptionStepFacts;
  created_at: Instant;
  change: PlanChange | null;
  previous_charges_to: Instant | null;
  fees_at: Instant[];
  bills: Billed[];
}

/** The rows of one external id, and what requests and steps do to them. */
class Chain {
  readonly rows: Row[] = [];
  readonly #terms: Omit<Terms, 'interval'>;

  constructor({ interval: _, ...terms }: Terms, plan: Plan) {
    this.#terms = terms;
    const { subscription_at } = terms;
    this.rows.push(this.#row(plan, subscription_at, null, { started_at: subscription_at }));
  }

  #row(
    plan: Plan,
    created_at: Instant,
    change: PlanChange | null,
    { started_at }: { started_at: Instant | null },
  ): Row {
    const { timezone } = this.#terms;
    const facts: SubscriptionStepFacts = {
      ...pending,
      ...this.#terms,
      ...plan,
      status: started_at === null ? 'pending' : 'active',
      started_at,
      activated_at: started_at,
      activation_timezone: timezone,
      first_started_at: this.#terms.subscription_at,
      previous_subscription_id: change === null ? null : 'before',
    };
    return { plan, facts, created_at, change, previous_charges_to: null, fees_at: [], bills: [] };
  }

  get active(): Row {
    return this.rows.find(({ facts }) => facts.status === 'active')!;
  }

  /** All steps due by then, each at its instant. */
  advance(until: Instant): void {
    for (let steps = 0; steps < 2000; steps++) {
      const due = this.rows
        .map((row) => ({ row, step: nextStep(row.facts, []) }))
        .filter(({ step }) => step.due_at !== null && step.due_at <= until)
        .sort((a, b) => (a.step.due_at! < b.step.due_at! ? -1 : 1))[0];
      if (!due) return;
      this.#take(due.row, due.step.kind, due.step.due_at!);
    }
    assert.fail('a chain settles');
  }

  #take(row: Row, kind: string, at: Instant): void {
    const { facts } = row;
    switch (kind) {
      case 'bill_start':
        this.#bill(row, 'subscription_starting', at);
        return this.#set(row, { has_billed_start: true });
      case 'bill_period':
        this.#bill(row, 'subscription_periodic', at);
        return this.#set(row, { last_periodic_at: at });
      case 'bill_end':
        this.#bill(row, 'subscription_terminating', at);
        return this.#set(row, { has_billed_end: true });
      case 'downgrade':
        this.#set(row, { status: 'terminated', terminated_at: at, next_status: 'active' });
        this.#set(this.#next(row), { status: 'active', started_at: at, activated_at: at });
        return this.#billChange(row, at);
      case 'bill_upgrade':
        return this.#billChange(row, facts.terminated_at!);
      default:
        assert.fail(`${kind}: nothing of this life`);
    }
  }

  #billChange(row: Row, at: Instant): void {
    const next = this.#next(row);
    this.#bill(row, 'subscription_terminating', at);
    this.#set(row, { has_billed_end: true });
    if (isBilledAtStart(next.facts)) {
      this.#bill(next, 'subscription_starting', at);
      this.#set(next, { has_billed_start: true });
    }
    this.#set(next, { has_billed_previous: true });
  }

  /** By the rules that the routes follow: up at once, down at the end of the period, in place of what waits. */
  change(plan: Plan, at: Instant): void {
    const current = this.active;
    const waiting = this.rows.findIndex(({ facts }) => facts.status === 'pending');
    if (waiting >= 0) this.rows.splice(waiting, 1);
    const change = planChange(current.plan, plan);
    this.rows.push(this.#row(plan, at, change, { started_at: change === 'upgrade' ? at : null }));
    const taken = { next_change: change, next_created_at: at } as const;
    if (change === 'downgrade') this.#set(current, { ...taken, next_status: 'pending' });
    else this.#set(current, { ...taken, next_status: 'active', status: 'terminated', terminated_at: at });
  }

  end(at: Instant): void {
    const current = this.active;
    const waiting = this.rows.findIndex(({ facts }) => facts.status === 'pending');
    if (waiting >= 0) this.rows.splice(waiting, 1);
    this.#set(current, { status: 'terminated', terminated_at: at, next_status: null, next_change: null });
  }

  #next(row: Row): Row {
    return this.rows[this.rows.indexOf(row) + 1]!;
  }

  #set(row: Row, changes: Partial<SubscriptionStepFacts>): void {
    row.facts = { ...row.facts, ...changes };
  }

  #bill(row: Row, reason: SubscriptionReason, at: Instant): void {
    const { facts, plan } = row;
    const { started_at, activated_at } = facts;
    assert(started_at && activated_at);
    const is_upgraded = reason === 'subscription_terminating' && facts.next_change === 'upgrade';
    const occasion = {
      terms: { ...this.#terms, interval: plan.interval },
      plan,
      started_at,
      activated_at,
      activation_timezone: facts.activation_timezone,
      reason,
      at,
      is_upgraded,
      last_periodic_at: facts.last_periodic_at,
      previous_charges_to: row.previous_charges_to,
    };
    const { subscription: span, charges } = billingSpans(occasion);
    const fee = subscriptionFee({
      ...occasion,
      plan,
      span,
      created_at: row.created_at,
      trial_end: null,
      fees_at: row.fees_at,
      change: row.change,
    });
    if (fee) row.fees_at.push(at);
    if (charges.from < charges.to) row.previous_charges_to = charges.to;
    row.bills.push({ at, reason, charges, amount: fee?.amount });
  }
}

const anyChanges = fc.array(
  fc.record({ plan: anyPlan, after_ms: fc.oneof(fc.nat({ max: 3 * DAY_MS }), fc.nat({ max: 130 * DAY_MS })) }),
  { maxLength: 4 },
);

describe('the life of a subscription, through whatever changes of plan', () => {
  it('is billed instant for instant, with no gap and no overlap', () => {
    fc.assert(
      fc.property(
        anyTerms,
        anyPlan,
        anyChanges,
        fc.boolean(),
        fc.nat({ max: 100 * DAY_MS }),
        (terms, plan, changes, isLazy, rest_ms) => {
          const chain = new Chain(terms, plan);
          let at: Instant = terms.subscription_at;
          for (const { plan: other, after_ms } of changes) {
            at = addMilliseconds(at, after_ms);
            chain.advance(at);
            chain.change(other, at);
            // Whether or not somebody comes to the bill before the next request.
            if (!isLazy) chain.advance(at);
          }
          at = addMilliseconds(at, rest_ms);
          chain.advance(at);
          chain.end(at);
          chain.advance(at);

          let until: Instant = terms.subscription_at;
          for (const { facts, bills } of chain.rows) {
            assert.equal(facts.started_at, until, 'each begins where the one before it ended');
            for (const { charges, reason } of bills.filter(({ charges: { from, to } }) => from < to)) {
              assert.equal(charges.from, until, reason);
              until = charges.to;
            }
            assert.equal(facts.has_billed_end, true);
            assert.ok(bills.filter(({ reason }) => reason === 'subscription_terminating').length === 1);
          }
          // The instant of the end is still billed; at a boundary that was not billed, only what came before it.
          assert.ok(until === addMilliseconds(at, 1) || until === at, `${until} ${at}`);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('costs the price of the plans for the days that each was there, to the fraction of a cent', () => {
    fc.assert(
      fc.property(
        anyTerms,
        fc.nat({ max: 10_000_000 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (terms, amount_cents, shares) => {
          const plan: Plan = {
            interval: terms.interval,
            amount_cents,
            pay_in_advance: false,
            bill_charges_monthly: null,
          };
          const chain = new Chain(terms, plan);
          const period = periodAt(terms, terms.subscription_at);
          const [from, to] = [toMilliseconds(terms.subscription_at), toMilliseconds(period.to) - 1];
          const instants = shares.map((share) => fromMilliseconds(Math.floor(from + (to - from) * share))).sort();
          for (const at of instants) {
            // Where a day comes twice the new plan has the day of the change and the old one the rest: no share of it is to be had.
            if (localDate(at, terms.timezone) < localDate(addMilliseconds(at, -3 * 3_600_000), terms.timezone)) return;
            chain.advance(at);
            chain.change(plan, at);
          }
          chain.advance(period.to);

          const bills = chain.rows.flatMap((row) => row.bills);
          const total = sum(bills.map(({ amount }) => amount ?? 0));
          const whole = new Chain(terms, plan);
          whole.advance(period.to);
          const uncut = whole.rows[0]!.bills[0]!.amount!;
          assert.equal(total.toFixed(10), uncut.toFixed(10));
          const rounded = sum(bills.map(({ amount }) => (amount ?? new Decimal(0)).toDecimalPlaces(0)));
          assert.ok(
            rounded
              .minus(uncut)
              .abs()
              .lte(bills.length / 2),
          );
        },
      ),
      { numRuns: 2 * RUNS },
    );
  });

  it('is billed in the order in which it was lived', () => {
    fc.assert(
      fc.property(anyTerms, anyPlan, anyChanges, (terms, plan, changes) => {
        const chain = new Chain(terms, plan);
        let at: Instant = terms.subscription_at;
        for (const { plan: other, after_ms } of changes) {
          at = addMilliseconds(at, after_ms);
          chain.advance(at);
          chain.change(other, at);
        }
        // Nobody has worked since the last request.
        chain.advance(addMilliseconds(at, 100 * DAY_MS));
        const bills = chain.rows.flatMap((row) => row.bills);
        let last: Instant = bills[0]?.at ?? at;
        for (const bill of bills) {
          assert.ok(bill.at >= last);
          last = latest(last, bill.at);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
