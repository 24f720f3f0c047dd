import type { Transaction } from './transaction.ts';

/** Charges of the plan, each with the one that it was copied from, and so for their filters. */
const COPIES = `
  with charge_copies as (
    select id as own_id, parent_id from charges
    where organization_id = :organization_id and plan_id = :plan_id and deleted_at is null and parent_id is not null
  ), filter_copies as (
    select distinct on (before.id) before.id as parent_id, own.id as own_id
    from charge_copies c
    join charge_filters before on before.charge_id = c.parent_id and before.deleted_at is null
    join charge_filters own on own.charge_id = c.own_id and own.deleted_at is null and own.values = before.values
    order by before.id, (own.position = before.position) desc, own.position
  )`;

/**
 * A subscription goes over to copies of its charges: what was paid for as it came and what was carried over count on, and so do the lines of drafts
 * that were edited by hand.
 */
export async function continueCharges(
  trx: Transaction,
  subscription: { readonly id: string; readonly external_id: string },
  plan_id: string,
): Promise<void> {
  const { organization_id } = trx;
  const values = { organization_id, plan_id, subscription_id: subscription.id, external_id: subscription.external_id };
  await trx.raw(
    `${COPIES}
     insert into high_water_marks (organization_id, subscription_id, charge_id, charge_filter_id, grouped_by, period_from, running, highest, prorated_units)
     select m.organization_id, m.subscription_id, c.own_id, f.own_id, m.grouped_by, m.period_from, m.running, m.highest, m.prorated_units
     from high_water_marks m join charge_copies c on c.parent_id = m.charge_id left join filter_copies f on f.parent_id = m.charge_filter_id
     where m.organization_id = :organization_id and m.subscription_id = :subscription_id and (m.charge_filter_id is null or f.own_id is not null)
     on conflict do nothing`,
    values,
  );
  await trx.raw(
    `${COPIES}
     insert into carried_usage (organization_id, external_subscription_id, charge_id, charge_filter_id, grouped_by, period_from, units, amount)
     select u.organization_id, u.external_subscription_id, c.own_id, f.own_id, u.grouped_by, u.period_from, u.units, u.amount
     from carried_usage u join charge_copies c on c.parent_id = u.charge_id left join filter_copies f on f.parent_id = u.charge_filter_id
     where u.organization_id = :organization_id and u.external_subscription_id = :external_id and (u.charge_filter_id is null or f.own_id is not null)
     on conflict do nothing`,
    values,
  );
  await trx.raw(
    `${COPIES}, edited as (
       select a.id, c.own_id as charge_id, f.own_id as charge_filter_id
       from adjusted_fees a join invoices i on i.id = a.invoice_id and i.status = 'draft'
       join charge_copies c on c.parent_id = a.charge_id left join filter_copies f on f.parent_id = a.charge_filter_id
       where a.organization_id = :organization_id and a.subscription_id = :subscription_id and (a.charge_filter_id is null or f.own_id is not null)
     )
     update adjusted_fees a set charge_id = edited.charge_id, charge_filter_id = edited.charge_filter_id
     from edited where a.id = edited.id`,
    values,
  );
}
