import type { Span } from '../billing/clock/instant.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Transaction } from './transaction.ts';

export interface BilledBefore {
  readonly amount_cents: Cents;
  /** Whether the period has a subscription fee, be it of 0. */
  readonly has_subscription_fee: boolean;
}

/** What was billed of subscriptions for a period each, apart from one invoice: subscription fees and usage, without taxes. In the order of the questions. */
export async function readBilledBefore(
  trx: Transaction,
  questions: readonly { readonly subscription_id: string; readonly period: Span }[],
  apart_from: string,
): Promise<BilledBefore[]> {
  if (questions.length === 0) return [];
  const { rows } = await trx.raw<{ rows: BilledBefore[] }>(
    `select coalesce(sum(f.amount_cents), 0)::bigint as amount_cents, coalesce(bool_or(f.fee_type = 'subscription'), false) as has_subscription_fee
     from unnest(:subscription_ids::uuid[], :froms::timestamptz[], :tos::timestamptz[]) with ordinality q (subscription_id, from_at, to_at, position)
     left join (
       fees f left join invoices i on i.id = f.invoice_id
     ) on f.organization_id = :organization_id and f.subscription_id = q.subscription_id and f.fee_type in ('subscription', 'charge')
       and f.from_at >= q.from_at and f.from_at < q.to_at and f.deleted_at is null
       and f.invoice_id is distinct from :apart_from and coalesce(i.status not in ('voided', 'deleted'), true)
       -- The bill of the period has all of it again.
       and i.invoice_type is distinct from 'progressive_billing'
     group by q.position order by q.position`,
    {
      organization_id: trx.organization_id,
      apart_from,
      subscription_ids: questions.map((question) => question.subscription_id),
      froms: questions.map((question) => question.period.from),
      tos: questions.map((question) => question.period.to),
    },
  );
  return rows;
}
