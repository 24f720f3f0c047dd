import type { Instant } from '../billing/clock/instant.ts';
import type { WorkflowId } from './outbox.ts';
import { type Transaction, rows } from './transaction.ts';

/** At one instant of an organization's clock, lower ranks go first. */
export const ranks = {
  'plan-deletion': 5,
  'customer-deletion': 5,
  subscription: 10,
  invoice: 20,
  'event-check': 40,
  export: 50,
  'webhook-endpoint': 90,
  'vat-check': 91,
  clock: 99,
} as const;

export interface Appointment {
  readonly workflow_id: WorkflowId;
  readonly step: string;
  /** Null: nothing is due until someone rings. */
  readonly due_at: Instant | null;
}

/** Networks wait on the wall, billing on the organization's clock. */
function clockOf(workflow_id: WorkflowId): 'organization' | 'wall' {
  return /^(webhook-endpoint|vat-check|clock)\//.test(workflow_id) ? 'wall' : 'organization';
}

/** Writes down what workflows do next. A workflow that has a row here should be alive. */
export async function enter(trx: Transaction, appointments: Appointment | readonly Appointment[]): Promise<void> {
  const list = Array.isArray(appointments) ? (appointments as readonly Appointment[]) : [appointments as Appointment];
  if (list.length === 0) return;
  await trx.raw(
    `insert into agenda (workflow_id, organization_id, sandbox, clock, rank, step, due_at)
     select a.workflow_id, o.id, o.sandbox, a.clock, a.rank, a.step, a.due_at
     from organizations o, unnest(?::text[], ?::text[], ?::smallint[], ?::text[], ?::timestamptz[]) a (workflow_id, clock, rank, step, due_at)
     where o.id = ?
     on conflict (workflow_id) do update set step = excluded.step, due_at = excluded.due_at`,
    [
      list.map((one) => one.workflow_id),
      list.map((one) => clockOf(one.workflow_id)),
      list.map((one) => ranks[one.workflow_id.slice(0, one.workflow_id.indexOf('/')) as keyof typeof ranks]),
      list.map((one) => one.step),
      list.map((one) => one.due_at) as string[],
      trx.organization_id,
    ],
  );
  await trx.raw(`select pg_notify('agenda', ?)`, [trx.organization_id]);
}

/** Whether a workflow has something left to do. */
export async function isEntered(trx: Transaction, workflow_id: WorkflowId): Promise<boolean> {
  return (await rows(trx, 'agenda').where({ workflow_id }).first('workflow_id')) !== undefined;
}

/** The workflow has nothing left to do. */
export async function strike(trx: Transaction, workflow_id: WorkflowId): Promise<void> {
  await rows(trx, 'agenda').where({ workflow_id }).delete();
  await trx.raw(`select pg_notify('agenda', ?)`, [trx.organization_id]);
}

/** Of what is due on the organization's clock, that of the lowest rank. */
export async function findDueAppointments(
  trx: Transaction,
  now_at: Instant,
): Promise<{ readonly workflow_id: WorkflowId; readonly rank: number }[]> {
  const { rows: due } = await trx.raw<{ rows: { workflow_id: WorkflowId; rank: number }[] }>(
    `select workflow_id, rank from (
       select workflow_id, rank, min(rank) over () as lowest from agenda
       where organization_id = ? and clock = 'organization' and due_at <= ?
     ) due where rank = lowest order by workflow_id`,
    [trx.organization_id, now_at],
  );
  return due;
}
