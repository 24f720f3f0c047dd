import type { Transaction } from './transaction.ts';

/**
 * The workflow that looks after an object: `subscription/<id>`, `invoice/<id>`, `webhook-endpoint/<id>`, `vat-check/<customer>`, `event-check/<organization>`,
 * `export/<id>`, `plan-deletion/<plan>`, `customer-deletion/<customer>`, `clock/<organization>`.
 */
export type WorkflowId =
  `${'subscription' | 'invoice' | 'plan-deletion' | 'customer-deletion' | 'webhook-endpoint' | 'vat-check' | 'event-check' | 'export' | 'clock'}/${string}`;

/**
 * Asks workflows to look at the rows again, once this transaction is committed. Says nothing about why.
 * The relay delivers it as often as needed; `hear` takes it back.
 */
export async function ring(trx: Transaction, workflow_ids: WorkflowId | readonly WorkflowId[]): Promise<void> {
  const ids = typeof workflow_ids === 'string' ? [workflow_ids] : workflow_ids;
  if (ids.length === 0) return;
  await trx.raw(
    `insert into outbox (organization_id, workflow_id, sandbox)
     select o.id, w.id, o.sandbox from organizations o, unnest(?::text[]) with ordinality w (id, n) where o.id = ? order by w.n`,
    [[...ids], trx.organization_id],
  );
  await trx.raw(`select pg_notify('outbox', '')`);
}

/** Begins a workflow with its first step, which saves it from having to ask. One that runs already is rung instead. */
export async function begin(trx: Transaction, workflow_id: WorkflowId, step: object): Promise<void> {
  await trx.raw(
    `insert into outbox (organization_id, workflow_id, sandbox, step) select id, ?, sandbox, ?::jsonb from organizations where id = ?`,
    [workflow_id, JSON.stringify(step), trx.organization_id],
  );
  await trx.raw(`select pg_notify('outbox', '')`);
}

/**
 * The workflow has come to look. Called first in the transaction that reads the facts: every change whose ring is removed here
 * was committed before, so it is seen; a later change leaves a later ring.
 */
export async function hear(trx: Transaction, workflow_id: WorkflowId): Promise<void> {
  await trx('outbox').where({ organization_id: trx.organization_id, workflow_id }).delete();
}
