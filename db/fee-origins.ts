import { assert } from '../billing/assert.ts';
import type { FeeOrigin } from '../billing/explanations/explain-fee.ts';
import type { Terms } from '../billing/subscriptions/periods.ts';
import { readBilledBefore } from './billed-fees.ts';
import { loadCredits } from './credits.ts';
import { type FeeRow, findFeeTaxes } from './fees.ts';
import { newId } from './ids.ts';
import type { Transaction } from './transaction.ts';

interface Row {
  readonly charge_model: string | null;
  readonly terms: Terms | null;
  readonly is_priced_by_hand: boolean;
}

/** What a fee came from, read from what it refers to. */
export async function readFeeOrigin(trx: Transaction, fee: FeeRow): Promise<FeeOrigin> {
  const { rows } = await trx.raw<{ rows: Row[] }>(
    `select c.charge_model,
       exists (select from adjusted_fees a where a.invoice_id = f.invoice_id and a.subscription_id = f.subscription_id and a.fee_type = f.fee_type
         and a.charge_id is not distinct from f.charge_id and a.charge_filter_id is not distinct from f.charge_filter_id and a.grouped_by = f.grouped_by
         and f.true_up_parent_fee_id is null and a.unit_precise_amount is not null) as is_priced_by_hand,
       case when s.id is not null then jsonb_build_object('interval', p.interval, 'billing_time', s.billing_time,
         'subscription_at', to_char(s.subscription_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'timezone', coalesce(i.timezone, k.timezone, o.timezone)) end as terms
     from fees f
     join organizations o on o.id = f.organization_id
     join customers k on k.id = f.customer_id
     left join charges c on c.id = f.charge_id
     left join invoices i on i.id = f.invoice_id
     left join subscriptions s on s.id = f.subscription_id
     left join billing_periods b on b.invoice_id = f.invoice_id and b.subscription_id = f.subscription_id
     left join plans p on p.id = coalesce(b.plan_id, s.plan_id)
     where f.organization_id = ? and f.id = ? limit 1`,
    [trx.organization_id, fee.id],
  );
  const [row] = rows;
  assert(row, 'explanation: the fee exists');
  const credits = fee.invoice_id === null ? [] : await loadCredits(trx, [fee.invoice_id]);
  return {
    fee,
    taxes: await findFeeTaxes(trx, [fee]),
    ...row,
    reached_cents: await readReached(trx, fee),
    discounts: credits
      .filter(({ before_taxes }) => before_taxes)
      .map(({ item: { type, name }, amount_cents }) => ({ type, name, amount_cents })),
  };
}

/** Of a true-up: the other fees of the charge on its invoice. Of a commitment: what was billed for its period. */
async function readReached(trx: Transaction, fee: FeeRow): Promise<number | null> {
  if (fee.true_up_parent_fee_id !== null) {
    const { rows } = await trx.raw<{ rows: { cents: number }[] }>(
      `select coalesce(sum(amount_cents), 0)::bigint as cents from fees
       where organization_id = ? and invoice_id = ? and subscription_id = ? and charge_id = ? and id <> ? and deleted_at is null`,
      [trx.organization_id, fee.invoice_id, fee.subscription_id, fee.charge_id, fee.id],
    );
    return rows[0]?.cents ?? 0;
  }
  if (fee.fee_type !== 'commitment' || fee.subscription_id === null || fee.from_at === null || fee.to_at === null)
    return null;
  const period = { from: fee.from_at, to: fee.to_at };
  const [billed] = await readBilledBefore(trx, [{ subscription_id: fee.subscription_id, period }], newId());
  return billed?.amount_cents ?? 0;
}
