import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { DataExport, ExportType } from '../billing/exports/data-export.ts';
import { enter } from './agenda.ts';
import { newId } from './ids.ts';
import type { InvoiceFilters } from './invoice-filters.ts';
import { type WorkflowId, ring } from './outbox.ts';
import { type Transaction, insert, rows } from './transaction.ts';

/** The invoice behind which the next part begins, in the order of the list. */
export interface ExportCursor {
  readonly issuing_date: string;
  readonly created_at: Instant;
  readonly id: string;
}

export interface DataExportRow extends DataExport {
  readonly organization_id: string;
  readonly filters: InvoiceFilters;
  readonly cursor: ExportCursor | null;
}

export function exportWorkflow(data_export_id: string): WorkflowId {
  return `export/${data_export_id}`;
}

/** Has it written. */
export async function requestExport(
  trx: Transaction,
  { resource_type, filters, email }: { resource_type: ExportType; filters: InvoiceFilters; email: string | null },
  at: Instant,
): Promise<DataExportRow> {
  const [row] = await insert<DataExportRow>(trx, 'data_exports', {
    id: newId(),
    resource_type,
    filters: JSON.stringify(filters),
    email,
    status: 'pending',
    created_at: at,
  });
  assert(row, 'export: an inserted row comes back');
  await enter(trx, { workflow_id: exportWorkflow(row.id), step: 'plan', due_at: null });
  await ring(trx, exportWorkflow(row.id));
  return row;
}

/** The newest first. */
export function listExports(trx: Transaction): Knex.QueryBuilder<DataExportRow, DataExportRow[]> {
  return rows<DataExportRow>(trx, 'data_exports').orderBy([
    { column: 'created_at', order: 'desc' },
    { column: 'id', order: 'desc' },
  ]);
}

export async function findExport(trx: Transaction, id: string): Promise<DataExportRow | undefined> {
  return rows<DataExportRow>(trx, 'data_exports').where({ id }).first();
}

/** Holds the row until the transaction ends. */
export async function lockExport(trx: Transaction, id: string): Promise<DataExportRow | undefined> {
  return rows<DataExportRow>(trx, 'data_exports').where({ id }).forUpdate().first();
}

export async function updateExport(
  trx: Transaction,
  id: string,
  { cursor, ...changes }: Partial<Omit<DataExportRow, 'filters'>>,
): Promise<void> {
  await rows(trx, 'data_exports')
    .where({ id })
    .update({ ...changes, ...(cursor && { cursor: JSON.stringify(cursor) }) });
}

/** With all its parts. */
export async function deleteExport(trx: Transaction, id: string): Promise<void> {
  await rows(trx, 'data_exports').where({ id }).delete();
}

export async function appendPart(trx: Transaction, data_export_id: string, content: string): Promise<void> {
  await trx.raw(
    `insert into data_export_parts (organization_id, data_export_id, position, content)
     select ?, ?, coalesce(max(position) + 1, 0), ? from data_export_parts where data_export_id = ?`,
    [trx.organization_id, data_export_id, content, data_export_id],
  );
}

/** Undefined behind the last one. */
export async function readPart(
  trx: Transaction,
  data_export_id: string,
  position: number,
): Promise<string | undefined> {
  const part = (await rows(trx, 'data_export_parts').where({ data_export_id, position }).first('content')) as
    { content: string } | undefined;
  return part?.content;
}
