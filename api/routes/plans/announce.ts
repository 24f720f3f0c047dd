import type { Instant } from '../../../billing/clock/instant.ts';
import { notFound } from '../../../billing/errors.ts';
import { planWire } from '../../../billing/plans/wire.ts';
import { type PlanRow, loadPlans } from '../../../db/plans.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { announce } from '../../../db/webhooks.ts';

type PlanWire = ReturnType<typeof planWire>;

export async function showPlans(trx: Transaction, plans: readonly PlanRow[]): Promise<PlanWire[]> {
  const documents = await loadPlans(
    trx,
    plans.map(({ id }) => id),
  );
  return plans.map(({ id }) => documents.get(id)).flatMap((document) => (document ? [planWire(document)] : []));
}

export async function showPlan(trx: Transaction, plan: PlanRow | undefined): Promise<{ plan: PlanWire }> {
  const [shown] = plan ? await showPlans(trx, [plan]) : [];
  if (!shown) throw notFound('plan');
  return { plan: shown };
}

export async function announcePlan(
  trx: Transaction,
  plan: PlanRow,
  change: 'created' | 'updated' | 'deleted',
  at: Instant,
): Promise<{ plan: PlanWire }> {
  const shown = await showPlan(trx, plan);
  const webhook_type = `plan.${change}` as const;
  await announce(trx, { webhook_type, object_type: 'plan', object_id: plan.id, object: shown.plan }, at);
  return shown;
}
