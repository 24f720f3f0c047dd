import type { Instant } from '../../billing/clock/instant.ts';
import { nextStep, type SubscriptionStep } from '../../billing/subscriptions/next-step.ts';
import { findLastBill, lockInvoice } from '../../db/invoices.ts';
import { readSubscriptionFacts, type SubscriptionFacts } from '../../db/subscription-facts.ts';
import { lockBilling } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { acts } from '../subscriptions/steps.ts';
import { finalizeDraft } from './finalize-draft.ts';

/** From one bill to the next there are fewer steps, whatever the plan. */
const STEPS_MAX = 100;

/**
 * Has subscriptions billed as they will be next, by the steps of their workflows, and the bill made final. Answers with its id; undefined when no bill
 * is to come. To be run dry: everything is as if the time had come.
 */
export async function billNext(
  trx: Transaction,
  customer_id: string,
  subscription_ids: readonly string[],
): Promise<string | undefined> {
  await lockBilling(trx, customer_id);
  const before = await findLastBill(trx, subscription_ids);
  for (let taken = 0; taken < STEPS_MAX; taken++) {
    const [next] = (await readSubscriptionFacts(trx, subscription_ids)).flatMap(dated).sort(byInstant);
    if (!next) return undefined;
    await acts[next.step.kind](trx, next.facts, next.step.due_at);
    const made = await findLastBill(trx, subscription_ids);
    if (made && made !== before) return finalize(trx, made, next.step.due_at);
  }
  return undefined;
}

interface Next {
  readonly facts: SubscriptionFacts;
  readonly step: Extract<SubscriptionStep, { due_at: Instant }>;
}

/** Alerts bill nothing. */
function dated(facts: SubscriptionFacts): Next[] {
  const step = nextStep(facts, []);
  return step.due_at === null ? [] : [{ facts, step }];
}

function byInstant(one: Next, other: Next): number {
  return one.step.due_at < other.step.due_at ? -1 : one.step.due_at > other.step.due_at ? 1 : 0;
}

/** With coupons and credits, as it will be after its grace period. */
async function finalize(trx: Transaction, invoice_id: string, at: Instant): Promise<string> {
  const invoice = await lockInvoice(trx, invoice_id);
  if (invoice?.status === 'draft') await finalizeDraft(trx, invoice, at);
  return invoice_id;
}
