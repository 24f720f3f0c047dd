import { v5 } from 'uuid';
import { assert } from '../billing/assert.ts';
import type { Instant, Span } from '../billing/clock/instant.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { ReachedThresholdDocument } from '../billing/invoices/wire.ts';
import type { UsageThreshold } from '../billing/progressive-billing/usage-threshold.ts';
import type { AppliedThreshold } from '../billing/progressive-billing/lifetime-usage.ts';
import { newId } from './ids.ts';
import type { Transaction } from './transaction.ts';

/** A subscription with those whose place it took: they have their external id and their beginning in common. */
export interface Chain {
  readonly customer_id: string;
  readonly external_id: string;
  readonly subscription_at: Instant;
}

/** The same for all of a chain, whether anything is stored of it or not. */
export function lifetimeUsageId({ customer_id, external_id, subscription_at }: Chain): string {
  return v5(`${subscription_at}/${external_id}`, customer_id);
}

const OF_THE_CHAIN = `s.organization_id = :organization_id and s.customer_id = :customer_id and s.external_id = :external_id
  and s.subscription_at = :subscription_at and s.canceled_at is null`;

function bindings(trx: Transaction, { customer_id, external_id, subscription_at }: Chain) {
  return { organization_id: trx.organization_id, customer_id, external_id, subscription_at };
}

/** Of one subscription, the span that runs: what is on invoices of it already is still usage of now. */
export type RunningSpan = { readonly subscription_id: string } & Pick<Span, 'from'>;

/** Usage of before the engine, and that of invoices of periods that are over. */
export async function readPastUsageOfLife(
  trx: Transaction,
  chain: Chain,
  running: RunningSpan | undefined,
): Promise<{ readonly historical_cents: Cents; readonly invoiced_cents: Cents }> {
  const { rows } = await trx.raw<{ rows: { historical_cents: Cents; invoiced_cents: Cents }[] }>(
    `select
       coalesce((
         select l.historical_usage_amount_cents from lifetime_usages l
         where l.organization_id = :organization_id and l.customer_id = :customer_id
           and l.external_subscription_id = :external_id and l.subscription_at = :subscription_at
       ), 0) as historical_cents,
       coalesce((
         select sum(f.amount_cents) from subscriptions s
         join fees f on f.subscription_id = s.id and f.fee_type = 'charge' and f.deleted_at is null
         join invoices i on i.id = f.invoice_id and i.invoice_type = 'subscription' and i.status in ('draft', 'pending', 'failed', 'finalized')
         where ${OF_THE_CHAIN} and (s.id is distinct from :running_id::uuid or f.from_at < :running_from::timestamptz)
       ), 0)::bigint as invoiced_cents`,
    {
      ...bindings(trx, chain),
      running_id: (running?.subscription_id ?? null) as string,
      running_from: (running?.from ?? null) as string,
    },
  );
  const [found] = rows;
  assert(found, 'lifetime usage: sums are always there');
  return found;
}

/** The thresholds that invoices were made for, the earliest first. Those of voided invoices were not. */
export async function findAppliedThresholds(trx: Transaction, chain: Chain): Promise<AppliedThreshold[]> {
  const { rows } = await trx.raw<{ rows: AppliedThreshold[] }>(
    `select distinct a.id, t.amount_cents, t.recurring, a.lifetime_usage_amount_cents, a.created_at
     from subscriptions s
     join billing_periods b on b.subscription_id = s.id and b.invoicing_reason = 'progressive_billing'
     join invoices i on i.id = b.invoice_id and i.status <> 'voided'
     join applied_usage_thresholds a on a.invoice_id = i.id
     join usage_thresholds t on t.id = a.usage_threshold_id
     where ${OF_THE_CHAIN}
     order by a.created_at, a.id`,
    bindings(trx, chain),
  );
  return rows;
}

export async function setHistoricalUsage(
  trx: Transaction,
  chain: Chain,
  historical_usage_amount_cents: Cents,
  at: Instant,
): Promise<void> {
  const { customer_id, external_id, subscription_at } = chain;
  await trx('lifetime_usages')
    .insert({
      id: lifetimeUsageId(chain),
      organization_id: trx.organization_id,
      customer_id,
      external_subscription_id: external_id,
      subscription_at,
      historical_usage_amount_cents,
      created_at: at,
      updated_at: at,
    })
    .onConflict(['customer_id', 'external_subscription_id', 'subscription_at'])
    .merge({ historical_usage_amount_cents, updated_at: at });
}

/** What invoices were made for, in the order in which it is reached. */
export async function loadReachedThresholds(
  trx: Transaction,
  invoice_ids: readonly string[],
): Promise<(ReachedThresholdDocument & { readonly invoice_id: string })[]> {
  const { rows } = await trx.raw<{ rows: (ReachedThreshold & UsageThreshold & { readonly reached_at: Instant })[] }>(
    `select t.*, a.invoice_id, a.lifetime_usage_amount_cents, a.created_at as reached_at
     from applied_usage_thresholds a join usage_thresholds t on t.id = a.usage_threshold_id
     where a.organization_id = ? and a.invoice_id = any(?)
     order by t.recurring, t.amount_cents`,
    [trx.organization_id, [...invoice_ids]],
  );
  return rows.map(({ invoice_id, lifetime_usage_amount_cents, reached_at, ...threshold }) => ({
    invoice_id,
    lifetime_usage_amount_cents,
    created_at: reached_at,
    threshold,
  }));
}

export interface ReachedThreshold {
  readonly usage_threshold_id: string;
  readonly invoice_id: string;
  readonly lifetime_usage_amount_cents: Cents;
  readonly created_at: Instant;
}

export async function insertAppliedThresholds(trx: Transaction, reached: readonly ReachedThreshold[]): Promise<void> {
  await trx('applied_usage_thresholds').insert(
    reached.map((one) => ({ id: newId(), organization_id: trx.organization_id, ...one })),
  );
}
