import { z } from 'zod';
import { changeRefundStatus } from '../../activities/credit-notes/change-refund-status.ts';
import { voidCreditNote } from '../../activities/credit-notes/void-credit-note.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { type RefundStatus, refundStatuses } from '../../billing/credit-notes/credit-note.ts';
import { type CreditNoteDocument, creditNoteWire } from '../../billing/credit-notes/wire.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { documentUrl } from '../../billing/invoices/document-link.ts';
import { type CreditNoteFilters, listCreditNotes } from '../../db/credit-note-filters.ts';
import { type CreditNoteRow, findCreditNote, lockCreditNote, updateCreditNote } from '../../db/credit-notes.ts';
import { findCustomer } from '../../db/customers.ts';
import { isId } from '../../db/ids.ts';
import { loadCreditNotes } from '../../db/load-credit-notes.ts';
import { ring } from '../../db/outbox.ts';
import type { Transaction } from '../../db/transaction.ts';
import {
  createInput,
  creditNoteObject,
  estimateInput,
  estimateObject,
  listQuery,
  nestedListQuery,
  updateInput,
} from '../contracts/credit-notes.ts';
import { text } from '../contracts/fields.ts';
import { type Page, paginate, paginationMeta } from '../contracts/pagination.ts';
import type { ApiSettings } from '../deps.ts';
import { type Operation, operation } from '../operation.ts';
import { createCreditNote, showEstimate } from './credit-notes/create.ts';

const answer = z.object({ credit_note: creditNoteObject });
const listAnswer = z.object({ credit_notes: z.array(creditNoteObject), meta: paginationMeta });
const params = z.object({ lago_id: z.string().meta({ format: 'uuid' }) });

function readFilters({
  reason,
  credit_status,
  refund_status,
  ...query
}: z.output<typeof listQuery>): CreditNoteFilters {
  return {
    ...query,
    reasons: query['reason[]'] ?? reason,
    credit_statuses: query['credit_status[]'] ?? credit_status,
    refund_statuses: query['refund_status[]'] ?? refund_status,
    types: query['types[]'],
  };
}

function show(document: CreditNoteDocument, trx: Transaction, settings: ApiSettings) {
  const { organization_id } = trx;
  return creditNoteWire(
    document,
    document.document && documentUrl({ ...document.document, organization_id }, settings),
  );
}

async function answerWith(trx: Transaction, note: CreditNoteRow, settings: ApiSettings) {
  const [document] = await loadCreditNotes(trx, [note]);
  return { credit_note: show(document!, trx, settings) };
}

async function answerWithList(trx: Transaction, filters: CreditNoteFilters, page: Page, settings: ApiSettings) {
  const { rows, meta } = await paginate(listCreditNotes(trx, filters), page);
  return { credit_notes: (await loadCreditNotes(trx, rows)).map((one) => show(one, trx, settings)), meta };
}

async function take(trx: Transaction, lago_id: string, find = findCreditNote): Promise<CreditNoteRow> {
  const note = isId(lago_id) ? await find(trx, lago_id) : undefined;
  if (!note) throw notFound('credit_note');
  return note;
}

function readRefundStatus(asked: string): RefundStatus {
  const known = refundStatuses.find((one) => one === asked);
  if (!known) throw invalid({ refund_status: ['value_is_invalid'] });
  return known;
}

async function edit(
  trx: Transaction,
  lago_id: string,
  { refund_status, metadata }: z.output<typeof updateInput>['credit_note'],
  at: Instant,
): Promise<CreditNoteRow> {
  const note = await take(trx, lago_id, lockCreditNote);
  const asked = refund_status === undefined ? undefined : readRefundStatus(refund_status);
  const changed = asked === undefined ? note : await changeRefundStatus(trx, note, asked, at);
  return metadata === undefined ? changed : updateCreditNote(trx, note.id, { metadata, updated_at: at });
}

/** When its PDF is not there yet, the workflow of its invoice is asked to make it, and the answer is empty. */
async function download(trx: Transaction, lago_id: string, settings: ApiSettings) {
  const note = await take(trx, lago_id);
  const found = await answerWith(trx, note, settings);
  if (found.credit_note.file_url !== null) return found;
  await ring(trx, `invoice/${note.invoice_id}`);
  return '' as const;
}

const downloadOperation = (op: 'POST /credit_notes/{lago_id}/download' | 'POST /credit_notes/{lago_id}/download_pdf') =>
  operation({
    op,
    tag: 'credit_notes',
    summary: "Get the link to a credit note's PDF, or have it made",
    object: 'credit_note',
    params,
    answer: z.union([
      answer,
      z.literal('').meta({ description: 'Not made yet: a webhook credit_note.generated follows' }),
    ]),
    errors: [404],
    handle: ({ trx, params, deps }) => download(trx, params.lago_id, deps.settings),
  });

export const creditNoteOperations: Operation[] = [
  operation({
    op: 'POST /credit_notes',
    tag: 'credit_notes',
    summary: 'Create a credit note',
    object: 'credit_note',
    body: createInput,
    answer,
    errors: [400, 404, 405, 422],
    handle: async ({ trx, at, body, deps }) =>
      answerWith(trx, await createCreditNote(trx, body.credit_note, deps.settings, at), deps.settings),
  }),
  operation({
    op: 'POST /credit_notes/estimate',
    tag: 'credit_notes',
    summary: 'Estimate what a credit note could come to',
    object: 'credit_note',
    body: estimateInput,
    answer: z.object({ estimated_credit_note: estimateObject }),
    errors: [400, 404, 405, 422],
    handle: async ({ trx, body }) => ({ estimated_credit_note: await showEstimate(trx, body.credit_note) }),
  }),
  operation({
    op: 'GET /credit_notes',
    tag: 'credit_notes',
    summary: 'List all credit notes',
    object: 'credit_note',
    query: listQuery,
    answer: listAnswer,
    errors: [422],
    handle: ({ trx, query, deps }) => answerWithList(trx, readFilters(query), query, deps.settings),
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/credit_notes',
    tag: 'customers',
    summary: "List a customer's credit notes",
    object: 'credit_note',
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
    op: 'GET /credit_notes/{lago_id}',
    tag: 'credit_notes',
    summary: 'Retrieve a credit note',
    object: 'credit_note',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params, deps }) => answerWith(trx, await take(trx, params.lago_id), deps.settings),
  }),
  operation({
    op: 'PUT /credit_notes/{lago_id}',
    tag: 'credit_notes',
    summary: 'Say how the refund of a credit note went',
    object: 'credit_note',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, params, body, deps }) =>
      answerWith(trx, await edit(trx, params.lago_id, body.credit_note, at), deps.settings),
  }),
  operation({
    op: 'PUT /credit_notes/{lago_id}/void',
    tag: 'credit_notes',
    summary: 'Void what is left of the credit of a credit note',
    object: 'credit_note',
    params,
    answer,
    errors: [404, 405],
    handle: async ({ trx, at, params, deps }) =>
      answerWith(trx, await voidCreditNote(trx, await take(trx, params.lago_id), at), deps.settings),
  }),
  downloadOperation('POST /credit_notes/{lago_id}/download'),
  downloadOperation('POST /credit_notes/{lago_id}/download_pdf'),
];
