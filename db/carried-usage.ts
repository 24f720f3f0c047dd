import type { Instant } from '../billing/clock/instant.ts';
import { Decimal } from '../billing/money/decimal.ts';
import { bucketKey } from '../billing/usage/bucket-key.ts';
import type { CustomState } from '../billing/usage/custom.ts';
import type { GroupedBy } from '../billing/usage/measure.ts';
import type { Carried, CarriedBucket } from '../billing/usage/measure-custom.ts';
import type { Transaction } from './transaction.ts';

/** With what the usage of a charge ended in periods that began from `from` on and before `before`: the latest of each filter and group. */
export interface CarriedQuestion {
  readonly external_subscription_id: string;
  readonly charge_id: string;
  /** Null: however long ago. */
  readonly from: Instant | null;
  readonly before: Instant;
}

interface CarriedRow {
  readonly position: number;
  readonly charge_filter_id: string | null;
  readonly grouped_by: GroupedBy;
  readonly units: string;
  readonly amount: string;
}

/** In the order of the questions. */
export async function readCarriedUsage(trx: Transaction, questions: readonly CarriedQuestion[]): Promise<Carried[]> {
  if (questions.length === 0) return [];
  const { rows } = await trx.raw<{ rows: CarriedRow[] }>(
    `select distinct on (q.position, c.charge_filter_id, c.grouped_by) q.position, c.charge_filter_id, c.grouped_by, c.units, c.amount
     from unnest(:subscriptions::text[], :charges::uuid[], :froms::timestamptz[], :befores::timestamptz[])
       with ordinality q (external_subscription_id, charge_id, from_at, before_at, position)
     join carried_usage c on c.organization_id = :organization_id and c.charge_id = q.charge_id
       and c.external_subscription_id = q.external_subscription_id
       and c.period_from < q.before_at and (q.from_at is null or c.period_from >= q.from_at)
     order by q.position, c.charge_filter_id, c.grouped_by, c.period_from desc`,
    {
      organization_id: trx.organization_id,
      subscriptions: questions.map((question) => question.external_subscription_id),
      charges: questions.map((question) => question.charge_id),
      froms: questions.map((question) => question.from) as string[],
      befores: questions.map((question) => question.before),
    },
  );
  return questions.map((_, index) => new Map(rows.filter((row) => row.position === index + 1).map(toEntry)));
}

function toEntry({ charge_filter_id, grouped_by, units, amount }: CarriedRow): [string, CarriedBucket] {
  const state = { total_units: new Decimal(units), amount: new Decimal(amount) };
  return [bucketKey(charge_filter_id, grouped_by), { filter_id: charge_filter_id, grouped_by, state }];
}

export interface NewCarriedUsage {
  readonly external_subscription_id: string;
  readonly charge_id: string;
  readonly charge_filter_id: string | null;
  readonly grouped_by: GroupedBy;
  readonly period_from: Instant;
  readonly state: CustomState;
}

export async function saveCarriedUsage(trx: Transaction, carried: readonly NewCarriedUsage[]): Promise<void> {
  if (carried.length === 0) return;
  await trx.raw(
    `insert into carried_usage (organization_id, external_subscription_id, charge_id, charge_filter_id, grouped_by, period_from, units, amount)
     select :organization_id::uuid, c.*
     from unnest(:subscriptions::text[], :charges::uuid[], :filters::uuid[], :groups::jsonb[], :periods::timestamptz[], :units::numeric[], :amounts::numeric[]) c
     on conflict on constraint carried_usage_once do update set units = excluded.units, amount = excluded.amount`,
    {
      organization_id: trx.organization_id,
      subscriptions: carried.map((one) => one.external_subscription_id),
      charges: carried.map((one) => one.charge_id),
      filters: carried.map((one) => one.charge_filter_id) as string[],
      groups: carried.map((one) => JSON.stringify(one.grouped_by)),
      periods: carried.map((one) => one.period_from),
      units: carried.map(({ state }) => state.total_units.toFixed()),
      amounts: carried.map(({ state }) => state.amount.toFixed()),
    },
  );
}
