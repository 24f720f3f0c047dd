import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { notFound } from '../../billing/errors.ts';
import { invoiceSummaryWire } from '../../billing/invoices/wire.ts';
import { enter } from '../../db/agenda.ts';
import { findCustomer } from '../../db/customers.ts';
import { type InvoiceFilters, listInvoices } from '../../db/invoice-filters.ts';
import { loadInvoiceSummaries } from '../../db/invoices.ts';
import { ring } from '../../db/outbox.ts';
import type { Transaction } from '../../db/transaction.ts';
import { invoiceObject, listQuery, nestedListQuery, updateInput } from '../contracts/invoices.ts';
import { text } from '../contracts/fields.ts';
import { type Page, paginate, paginationMeta } from '../contracts/pagination.ts';
import type { ApiSettings } from '../deps.ts';
import { type Operation, operation } from '../operation.ts';
import { adjustedFeeOperations } from './invoices/adjusted-fees.ts';
import { invoiceActionOperations } from './invoices/actions.ts';
import { editInvoice } from './invoices/edit.ts';
import { createOneOff, oneOffInput } from './invoices/one-off.ts';
import { previewInput, previewInvoice } from './invoices/preview.ts';
import { regenerateOperation } from './invoices/regenerate.ts';
import { answer, fileUrl, leftOut, params, showInvoice, showUnlessLeftOut, takeInvoice } from './invoices/show.ts';

const listAnswer = z.object({ invoices: z.array(invoiceObject), meta: paginationMeta });

type ListQuery = z.output<typeof listQuery>;

export function readFilters({ status, payment_status, ...query }: ListQuery): InvoiceFilters {
  return {
    ...query,
    statuses: query['statuses[]'] ?? (status && [status]),
    payment_statuses: query['payment_statuses[]'] ?? (payment_status && [payment_status]),
    metadata: readMetadata(query),
  };
}

/** `metadata[key]=value`, any number of them. */
function readMetadata(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined || typeof value !== 'string' ? [] : [[key, value] as const];
  });
  return Object.fromEntries(named);
}

async function answerWithList(trx: Transaction, filters: InvoiceFilters, page: Page, settings: ApiSettings) {
  const { rows, meta } = await paginate(listInvoices(trx, filters), page);
  const summaries = await loadInvoiceSummaries(trx, rows);
  return { invoices: summaries.map((one) => invoiceSummaryWire(one, fileUrl(one, trx, settings))), meta };
}

/** Of a finalized invoice. When its PDF is not there yet, its workflow is asked to make it, and the answer is empty. */
async function download(trx: Transaction, lago_id: string, settings: ApiSettings, at: Instant) {
  const invoice = await takeInvoice(trx, lago_id);
  if (invoice.status !== 'finalized') throw notFound('invoice');
  const found = await showInvoice(trx, invoice.id, settings, at);
  if (found.invoice.file_url !== null) return found;
  await enter(trx, { workflow_id: `invoice/${invoice.id}`, step: 'render_document', due_at: null });
  await ring(trx, `invoice/${invoice.id}`);
  return '' as const;
}

const downloadOperation = (op: 'POST /invoices/{lago_id}/download' | 'POST /invoices/{lago_id}/download_pdf') =>
  operation({
    op,
    tag: 'invoices',
    summary: "Get the link to an invoice's PDF, or have it made",
    object: 'invoice',
    params,
    answer: z.union([answer, z.literal('').meta({ description: 'Not made yet: a webhook invoice.generated follows' })]),
    errors: [404],
    handle: ({ trx, at, params, deps }) => download(trx, params.lago_id, deps.settings, at),
  });

export const invoiceOperations: Operation[] = [
  operation({
    op: 'POST /invoices',
    tag: 'invoices',
    summary: 'Create a one-off invoice of add-ons',
    object: 'invoice',
    body: oneOffInput,
    answer: z.union([answer, leftOut]),
    errors: [400, 404, 422],
    handle: async ({ trx, at, body, deps }) =>
      showUnlessLeftOut(trx, await createOneOff(trx, body.invoice, at), deps.settings, at),
  }),
  operation({
    op: 'POST /invoices/preview',
    tag: 'invoices',
    summary:
      'Compute the next invoice of subscriptions, of a plan change, a termination, or a plan not yet subscribed to; nothing is stored',
    object: 'invoice',
    body: previewInput,
    answer,
    errors: [400, 404, 405, 422],
    handle: async ({ trx, at, body, deps }) => ({ invoice: await previewInvoice(trx, body, deps.settings, at) }),
  }),
  operation({
    op: 'GET /invoices',
    tag: 'invoices',
    summary: 'List all invoices',
    object: 'invoice',
    query: listQuery,
    answer: listAnswer,
    errors: [422],
    handle: ({ trx, query, deps }) => answerWithList(trx, readFilters(query), query, deps.settings),
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/invoices',
    tag: 'customers',
    summary: "List a customer's invoices",
    object: 'invoice',
    params: z.object({ external_customer_id: text }),
    query: nestedListQuery,
    answer: listAnswer,
    errors: [404, 422],
    async handle({ trx, params, query, deps }) {
      const customer = await findCustomer(trx, params.external_customer_id);
      if (!customer) throw notFound('customer');
      return answerWithList(trx, { ...readFilters(query), customer_id: customer.id }, query, deps.settings);
    },
  }),
  operation({
    op: 'GET /invoices/{lago_id}',
    tag: 'invoices',
    summary: 'Retrieve an invoice',
    object: 'invoice',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, at, params, deps }) =>
      showInvoice(trx, (await takeInvoice(trx, params.lago_id)).id, deps.settings, at),
  }),
  operation({
    op: 'PUT /invoices/{lago_id}',
    tag: 'invoices',
    summary: 'Update an invoice',
    object: 'invoice',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 405, 422],
    async handle({ trx, at, params, body, deps }) {
      const { id } = await takeInvoice(trx, params.lago_id);
      await editInvoice(trx, id, body.invoice, deps.settings, at);
      return showInvoice(trx, id, deps.settings, at);
    },
  }),
  downloadOperation('POST /invoices/{lago_id}/download'),
  downloadOperation('POST /invoices/{lago_id}/download_pdf'),
  ...invoiceActionOperations,
  ...adjustedFeeOperations,
  regenerateOperation,
];
