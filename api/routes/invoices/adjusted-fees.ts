import { z } from 'zod';
import { replanInvoice } from '../../../activities/invoices/plan-invoice.ts';
import { refreshDraft } from '../../../activities/invoices/refresh-draft.ts';
import type { AdjustedFee } from '../../../billing/adjusted-fees/adjusted-fee.ts';
import { adjustedFeeWire } from '../../../billing/adjusted-fees/wire.ts';
import { forbidden, notFound } from '../../../billing/errors.ts';
import { deleteAdjustedFee, findAdjustedFee, findAdjustedFees } from '../../../db/adjusted-fees.ts';
import { loadFees } from '../../../db/fees.ts';
import { isId } from '../../../db/ids.ts';
import type { InvoiceRow } from '../../../db/invoices.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { adjustedFeeInput, adjustedFeeObject } from '../../contracts/adjusted-fees.ts';
import { text } from '../../contracts/fields.ts';
import { type Operation, operation } from '../../operation.ts';
import { adjustFee } from './adjust-fee.ts';
import { findAdjustedLines } from './adjusted-line.ts';
import { holdInvoice, params, takeInvoice } from './show.ts';

const answer = z.object({ adjusted_fee: adjustedFeeObject });

async function show(trx: Transaction, invoice_id: string, list: readonly AdjustedFee[]) {
  const lines = await findAdjustedLines(trx, invoice_id, list);
  const documents = await loadFees(
    trx,
    lines.filter((line) => line !== undefined),
  );
  const byId = new Map(documents.map((document) => [document.fee.id, document]));
  return list.map((adjusted, index) => adjustedFeeWire(adjusted, byId.get(lines[index]?.id ?? '') ?? null));
}

async function holdDraft(trx: Transaction, lago_id: string): Promise<InvoiceRow> {
  const invoice = await holdInvoice(trx, lago_id);
  if (invoice.status !== 'draft') throw forbidden('feature_unavailable');
  return invoice;
}

export const adjustedFeeOperations: Operation[] = [
  operation({
    op: 'POST /invoices/{lago_id}/adjusted_fees',
    tag: 'invoices',
    summary: 'Put another name, other units or another price in place of a line of a draft, or add one for a charge',
    object: 'invoice',
    params,
    body: adjustedFeeInput,
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const draft = await holdDraft(trx, params.lago_id);
      const adjusted = await adjustFee(trx, draft, body.adjusted_fee, at);
      await replanInvoice(trx, draft.id, at);
      const [adjusted_fee] = await show(trx, draft.id, [adjusted]);
      return { adjusted_fee: adjusted_fee! };
    },
  }),
  operation({
    op: 'GET /invoices/{lago_id}/adjusted_fees',
    tag: 'invoices',
    summary: 'List what was adjusted on an invoice',
    object: 'invoice',
    params,
    answer: z.object({ adjusted_fees: z.array(adjustedFeeObject) }),
    errors: [404],
    async handle({ trx, params }) {
      const { id } = await takeInvoice(trx, params.lago_id);
      return { adjusted_fees: await show(trx, id, await findAdjustedFees(trx, id)) };
    },
  }),
  operation({
    op: 'DELETE /invoices/{lago_id}/adjusted_fees/{adjusted_fee_id}',
    tag: 'invoices',
    summary: 'Take back what was adjusted: the line is what was computed again',
    object: 'invoice',
    params: params.extend({ adjusted_fee_id: text.meta({ format: 'uuid' }) }),
    answer,
    errors: [404],
    async handle({ trx, at, params: { lago_id, adjusted_fee_id } }) {
      const draft = await holdDraft(trx, lago_id);
      const adjusted = isId(adjusted_fee_id) ? await findAdjustedFee(trx, draft.id, adjusted_fee_id) : undefined;
      if (!adjusted) throw notFound('adjusted_fee');
      await deleteAdjustedFee(trx, adjusted.id);
      await refreshDraft(trx, draft, at);
      await replanInvoice(trx, draft.id, at);
      const [adjusted_fee] = await show(trx, draft.id, [adjusted]);
      return { adjusted_fee: adjusted_fee! };
    },
  }),
];
