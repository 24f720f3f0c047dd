import { z } from 'zod';
import { toWireSeconds } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { exportStatuses, exportTypes } from '../../billing/exports/data-export.ts';
import { exportUrl } from '../../billing/invoices/document-link.ts';
import { type DataExportRow, findExport, listExports, requestExport } from '../../db/data-exports.ts';
import { isId } from '../../db/ids.ts';
import type { InvoiceFilters } from '../../db/invoice-filters.ts';
import { codeOfIssue, detailsOf, emails, id, toWireInstant, wireInstant } from '../contracts/fields.ts';
import { listQuery } from '../contracts/invoices.ts';
import { type Page, paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import type { ApiSettings } from '../deps.ts';
import { type Operation, operation } from '../operation.ts';
import { readFilters } from './invoices.ts';

const createInput = z.object({
  data_export: z.object({
    resource_type: z.enum(exportTypes),
    filters: z
      .record(z.string(), z.unknown())
      .nullish()
      .meta({ description: 'As in the query of GET /invoices: `{ "currency": "EUR", "statuses[]": ["finalized"] }`' }),
    email: emails.nullish().meta({ description: 'Who is mailed the link, where a mail server is configured' }),
  }),
});

const dataExportObject = z
  .object({
    lago_id: id,
    resource_type: z.enum(exportTypes),
    format: z.literal('csv'),
    status: z.enum(exportStatuses),
    rows_count: z.int().meta({ description: 'Written so far, without the header' }),
    file_url: z.string().nullable().meta({ description: 'Null until it is completed' }),
    created_at: wireInstant,
    completed_at: wireInstant.nullable(),
    expires_at: wireInstant.nullable(),
  })
  .meta({ id: 'DataExportObject' });

const answer = z.object({ data_export: dataExportObject });

function toWire(row: DataExportRow, settings: ApiSettings): z.input<typeof dataExportObject> {
  const { organization_id, filename } = row;
  return {
    lago_id: row.id,
    resource_type: row.resource_type,
    format: 'csv',
    status: row.status,
    rows_count: row.rows_count,
    file_url: filename === null ? null : exportUrl({ organization_id, id: row.id, filename }, settings),
    created_at: toWireSeconds(row.created_at),
    completed_at: toWireInstant(row.completed_at),
    expires_at: toWireInstant(row.expires_at),
  };
}

/** Lists may be named with or without the brackets that they have in a query. @throws as the list does */
function parseFilters(filters: Readonly<Record<string, unknown>>): InvoiceFilters {
  const query = Object.entries(filters).map(([name, value]) =>
    Array.isArray(value) ? [name.endsWith('[]') ? name : `${name}[]`, value.map(String)] : [name, String(value)],
  );
  const { data, error } = listQuery.safeParse(Object.fromEntries(query), { error: codeOfIssue });
  if (error) throw invalid(detailsOf(error.issues));
  const { page: _page, per_page: _per_page, ...read } = readFilters(data) as InvoiceFilters & Partial<Page>;
  return read;
}

export const dataExportOperations: Operation[] = [
  operation({
    op: 'POST /data_exports',
    tag: 'data_exports',
    summary: 'Have invoices, or their fees, written into a CSV file',
    object: 'invoice',
    body: createInput,
    answer,
    errors: [400, 422],
    async handle({ trx, at, body: { data_export: input }, deps }) {
      const { resource_type, email } = input;
      const filters = parseFilters(input.filters ?? {});
      const row = await requestExport(trx, { resource_type, filters, email: email || null }, at);
      return { data_export: toWire(row, deps.settings) };
    },
  }),
  operation({
    op: 'GET /data_exports',
    tag: 'data_exports',
    summary: 'List exports; they are kept for seven days',
    object: 'invoice',
    query: z.object(paginationQuery),
    answer: z.object({ data_exports: z.array(dataExportObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query, deps }) {
      const { rows, meta } = await paginate(listExports(trx), query);
      return { data_exports: rows.map((row) => toWire(row, deps.settings)), meta };
    },
  }),
  operation({
    op: 'GET /data_exports/{lago_id}',
    tag: 'data_exports',
    summary: 'Retrieve an export, with the link to its file',
    object: 'invoice',
    params: z.object({ lago_id: z.string().meta({ format: 'uuid' }) }),
    answer,
    errors: [404],
    async handle({ trx, params: { lago_id }, deps }) {
      const row = isId(lago_id) ? await findExport(trx, lago_id) : undefined;
      if (!row) throw notFound('data_export');
      return { data_export: toWire(row, deps.settings) };
    },
  }),
];
