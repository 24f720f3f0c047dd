import type { Instant } from '../billing/clock/instant.ts';
import { enter, strike } from './agenda.ts';
import { newId } from './ids.ts';
import { type WorkflowId, ring } from './outbox.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface VatCheckRow {
  readonly id: string;
  readonly organization_id: string;
  readonly customer_id: string;
  /** As the customer wrote it. */
  readonly number: string;
  readonly status: 'pending' | 'answered' | 'superseded';
  readonly failures: number;
  readonly next_attempt_at: Instant | null;
  readonly answer: Readonly<Record<string, unknown>> | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export function vatCheckWorkflow(customer_id: string): WorkflowId {
  return `vat-check/${customer_id}`;
}

/** Has the register asked about a customer's number. A question about the same number that waits for its answer is not asked again. */
export async function requestVatCheck(
  trx: Transaction,
  customer_id: string,
  number: string,
  at: Instant,
): Promise<void> {
  const pending = await findPendingVatCheck(trx, customer_id);
  if (pending?.number === number) return;
  await dropVatCheck(trx, customer_id, at);
  await insert(trx, 'vat_checks', {
    id: newId(),
    customer_id,
    number,
    status: 'pending',
    created_at: at,
    updated_at: at,
  });
  await enter(trx, { workflow_id: vatCheckWorkflow(customer_id), step: 'check', due_at: null });
  await ring(trx, vatCheckWorkflow(customer_id));
}

/** Nobody waits for the answer any more. */
export async function dropVatCheck(trx: Transaction, customer_id: string, at: Instant): Promise<void> {
  await rows(trx, 'vat_checks')
    .where({ customer_id, status: 'pending' })
    .update({ status: 'superseded', updated_at: at });
}

export async function findPendingVatCheck(trx: Transaction, customer_id: string): Promise<VatCheckRow | undefined> {
  return rows<VatCheckRow>(trx, 'vat_checks').where({ customer_id, status: 'pending' }).first();
}

/** Holds the row until the transaction ends. */
export async function lockPendingVatCheck(trx: Transaction, customer_id: string): Promise<VatCheckRow | undefined> {
  return rows<VatCheckRow>(trx, 'vat_checks').where({ customer_id, status: 'pending' }).forUpdate().first();
}

export async function updateVatCheck(
  trx: Transaction,
  id: string,
  { answer, ...changes }: Partial<VatCheckRow> & Pick<VatCheckRow, 'updated_at'>,
): Promise<void> {
  await rows(trx, 'vat_checks')
    .where({ id })
    .update({ ...changes, ...(answer && { answer: JSON.stringify(answer) }) });
}

export async function strikeVatCheck(trx: Transaction, customer_id: string): Promise<void> {
  await strike(trx, vatCheckWorkflow(customer_id));
}
