import { Context } from '@temporalio/activity';
import type { Instant } from '../billing/clock/instant.ts';
import {
  type DeletionStep as NextStep,
  type DeletionStepKind,
  nextDeletionStep,
} from '../billing/deletions/next-step.ts';
import { enter, strike } from '../db/agenda.ts';
import { endAppliedCoupons } from '../db/applied-coupons.ts';
import { type Deletion, deletePlan, deletionWorkflow, findDrafts, findLive, readDeletion } from '../db/deletions.ts';
import { lockInvoiceWithBilling } from '../db/invoices.ts';
import { hear, ring } from '../db/outbox.ts';
import { lockPlanById } from '../db/plans.ts';
import { inOrganization, type Transaction } from '../db/transaction.ts';
import { finalizeDraft } from './invoices/finalize-draft.ts';
import type { Deps } from './shared/deps.ts';
import { readNow } from './shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from './shared/step.ts';
import { cancel, terminate } from './subscriptions/end.ts';
import { catchUp } from './subscriptions/steps.ts';

export type { DeletionStepKind };

export interface DeletionCall extends Deletion {
  readonly organization_id: string;
  readonly at: Instant;
}

type DeletionStep = Step<DeletionStepKind>;

/** Taken by one step; the next one takes more. Each is a transaction of its own. */
const AT_ONCE = 50;

export type DeletionActivities = ReturnType<typeof createDeletionActivities>;

export function createDeletionActivities({ db, settings }: Deps) {
  const run = <T>(call: Pick<DeletionCall, 'organization_id'>, work: (trx: Transaction) => Promise<T>): Promise<T> =>
    inOrganization(db, call.organization_id, work);
  const planAfter = (call: DeletionCall): Promise<DeletionStep> =>
    run(call, async (trx) => planDeletion(trx, call, (await readNow(trx, undefined)) ?? call.at));

  return {
    /** Reads the facts and names the next step. `at` is absent in a sandbox. */
    planDeletion(call: Omit<DeletionCall, 'at'> & { readonly at: Instant | undefined }): Promise<DeletionStep> {
      return run(call, async (trx) => {
        await hear(trx, deletionWorkflow(call));
        return planDeletion(trx, call, (await readNow(trx, call.at)) ?? '');
      });
    },

    /** Each with its last bill. A customer's coupons end after them. */
    async endSubscriptions(call: DeletionCall): Promise<DeletionStep> {
      const { cancellationSignal } = Context.current();
      for (const subscription of await run(call, (trx) => findLive(trx, call, AT_ONCE))) {
        cancellationSignal.throwIfAborted();
        await run(call, (trx) => endSubscription(trx, subscription, call.at));
      }
      await run(call, (trx) => endCoupons(trx, call));
      return planAfter(call);
    },

    async finalizeDrafts(call: DeletionCall): Promise<DeletionStep> {
      const { cancellationSignal } = Context.current();
      for (const invoice_id of await run(call, (trx) => findDrafts(trx, call, AT_ONCE))) {
        cancellationSignal.throwIfAborted();
        await run(call, (trx) => finalize(trx, invoice_id, call.at));
      }
      return planAfter(call);
    },

    async deletePlan(call: DeletionCall): Promise<DeletionStep> {
      await run(call, async (trx) => {
        // Who was about to come to it has, and is found.
        await lockPlanById(trx, call.id);
        if (nextDeletionStep(await readDeletion(trx, call)).kind === 'delete_plan')
          await deletePlan(trx, call.id, call.at);
      });
      return planAfter(call);
    },
  };

  async function endSubscription(
    trx: Transaction,
    subscription: { readonly id: string; readonly customer_id: string },
    at: Instant,
  ): Promise<void> {
    const { facts, changed_at } = await catchUp(trx, subscription, at);
    await ring(trx, `subscription/${facts.id}`);
    if (facts.status === 'pending') await cancel(trx, facts, changed_at);
    if (facts.status !== 'active') return;
    await terminate(trx, facts, { links: settings }, changed_at);
    // Its workflow would make the last bill: here it is waited for.
    await catchUp(trx, subscription, changed_at);
  }
}

async function endCoupons(trx: Transaction, call: DeletionCall): Promise<void> {
  if (call.of !== 'customer' || (await findLive(trx, call, 1)).length > 0) return;
  await endAppliedCoupons(trx, { customer_id: call.id }, call.at);
}

async function finalize(trx: Transaction, invoice_id: string, at: Instant): Promise<void> {
  const draft = await lockInvoiceWithBilling(trx, invoice_id);
  if (draft?.status !== 'draft') return;
  await finalizeDraft(trx, draft, at);
  await ring(trx, `invoice/${invoice_id}`);
}

async function planDeletion(trx: Transaction, { of, id }: Deletion, planned_at: Instant): Promise<DeletionStep> {
  const next = nextDeletionStep(await readDeletion(trx, { of, id }));
  const workflow_id = deletionWorkflow({ of, id });
  if (next.kind === 'over') await strike(trx, workflow_id);
  else await enter(trx, { workflow_id, step: next.kind, due_at: next.due_at });
  const attributes = {
    ...NO_ATTRIBUTES,
    organization_id: trx.organization_id,
    ...(of === 'customer' && { customer_id: id }),
  };
  return { ...next, planned_at, summary: summarize(next), attributes };
}

function summarize({ kind, due_at }: NextStep): string {
  switch (kind) {
    case 'end_subscriptions':
      return 'ends the subscriptions';
    case 'finalize_drafts':
      return `waits to finalize the drafts ${toMinute(due_at)}`;
    case 'delete_plan':
      return 'deletes the plan';
    case 'over':
      return 'nothing left to do';
  }
}
