import type { Instant } from '../billing/clock/instant.ts';
import { ring } from './outbox.ts';
import type { Transaction } from './transaction.ts';

/** What has changed: plans, what is billed to one customer or for one subscription, a metric, a tax that drafts bear, or what everyone's drafts are computed from. */
export type Change =
  | { readonly plan_ids: readonly string[] }
  | { readonly customer_id: string }
  | { readonly subscription_id: string }
  | { readonly billable_metric_id: string }
  | { readonly tax_id: string }
  | 'organization';

/**
 * Has the drafts that a change concerns computed anew by their workflows. Not those of subscriptions that have all ended: they wait for somebody to
 * ask, or for their finalization. Source: spec "Grace period and drafts".
 */
export async function markDraftsStale(trx: Transaction, change: Change, at: Instant): Promise<void> {
  const [condition, values] = concerned(change);
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `update invoices set stale_at = coalesce(stale_at, :at)
     where organization_id = :organization_id and id in (
       select i.id from invoices i
       where i.organization_id = :organization_id and i.status = 'draft' and ${condition}
         and exists (
           select from billing_periods p join subscriptions s on s.id = p.subscription_id
           where p.invoice_id = i.id and s.status <> 'terminated')
       -- In one order, so that two changes never wait for each other.
       order by i.id for no key update
     )
     returning id`,
    { ...values, at, organization_id: trx.organization_id },
  );
  await ring(
    trx,
    rows.map(({ id }) => `invoice/${id}` as const),
  );
}

function concerned(change: Change): [condition: string, values: Record<string, string | string[]>] {
  if (change === 'organization') return ['true', {}];
  if ('customer_id' in change) return ['i.customer_id = :customer_id', { ...change }];
  if ('subscription_id' in change)
    return [
      'exists (select from billing_periods p where p.invoice_id = i.id and p.subscription_id = :subscription_id)',
      { ...change },
    ];
  if ('tax_id' in change)
    return ['exists (select from invoice_taxes t where t.invoice_id = i.id and t.tax_id = :tax_id)', { ...change }];
  if ('plan_ids' in change) return [isOnPlans('= any(:plan_ids)'), { plan_ids: [...change.plan_ids] }];
  const charged = 'in (select plan_id from charges where billable_metric_id = :billable_metric_id)';
  return [isOnPlans(charged), { ...change }];
}

const isOnPlans = (plans: string): string =>
  `exists (select from billing_periods p where p.invoice_id = i.id and p.plan_id ${plans})`;
