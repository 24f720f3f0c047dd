import { z } from 'zod';
import { creditVoidedInvoice, refuseTooMuchCredit } from '../../../activities/credit-notes/credit-voided-invoice.ts';
import { deleteDraft } from '../../../activities/invoices/delete-draft.ts';
import { finalizeDraft } from '../../../activities/invoices/finalize-draft.ts';
import { loseDispute } from '../../../activities/invoices/lose-dispute.ts';
import { replanInvoice } from '../../../activities/invoices/plan-invoice.ts';
import { refreshDraft } from '../../../activities/invoices/refresh-draft.ts';
import { voidInvoice } from '../../../activities/invoices/void-invoice.ts';
import { NO_PARTS, type Parts } from '../../../billing/credit-notes/credit-note.ts';
import { forbidden, notAllowed, notFound } from '../../../billing/errors.ts';
import { announcePaymentFailure } from '../../../db/announcements.ts';
import { retryPaymentInput, voidInput } from '../../contracts/invoices.ts';
import { type Operation, operation } from '../../operation.ts';
import { answer, holdInvoice, leftOut, params, showInvoice, showUnlessLeftOut } from './show.ts';

/** Of the note that is made when an invoice is voided. */
function readCredit({ credit_amount, refund_amount }: z.output<typeof voidInput>): Parts {
  return { ...NO_PARTS, credit_amount_cents: credit_amount ?? 0, refund_amount_cents: refund_amount ?? 0 };
}

export const invoiceActionOperations: Operation[] = [
  operation({
    op: 'PUT /invoices/{lago_id}/refresh',
    tag: 'invoices',
    summary: 'Compute a draft anew; any other invoice stays as it is',
    object: 'invoice',
    params,
    answer,
    errors: [404],
    async handle({ trx, at, params, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      if (invoice.invoice_type !== 'subscription') throw forbidden('feature_unavailable');
      if (invoice.status === 'draft') {
        await refreshDraft(trx, invoice, at);
        await replanInvoice(trx, invoice.id, at);
      }
      return showInvoice(trx, invoice.id, deps.settings, at);
    },
  }),
  operation({
    op: 'PUT /invoices/{lago_id}/finalize',
    tag: 'invoices',
    summary: 'Compute a draft anew, and make it final',
    object: 'invoice',
    params,
    answer: z.union([answer, leftOut]),
    errors: [404],
    async handle({ trx, at, params, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      if (invoice.status !== 'draft') throw notFound('invoice');
      await finalizeDraft(trx, invoice, at);
      await replanInvoice(trx, invoice.id, at);
      return showUnlessLeftOut(trx, invoice.id, deps.settings, at);
    },
  }),
  operation({
    op: 'POST /invoices/{lago_id}/void',
    tag: 'invoices',
    summary: 'Void a finalized invoice',
    object: 'invoice',
    params,
    body: voidInput,
    answer,
    errors: [404, 405, 422],
    async handle({ trx, at, params, body, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      const credit = body.generate_credit_note ? readCredit(body) : undefined;
      if (credit) await refuseTooMuchCredit(trx, invoice, credit);
      await voidInvoice(trx, invoice, deps.settings, at);
      if (credit) await creditVoidedInvoice(trx, invoice, credit, at);
      return showInvoice(trx, invoice.id, deps.settings, at);
    },
  }),
  operation({
    op: 'POST /invoices/{lago_id}/lose_dispute',
    tag: 'invoices',
    summary: 'Say that the dispute about the payment of an invoice is lost',
    object: 'invoice',
    params,
    answer,
    errors: [404, 405],
    async handle({ trx, at, params, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      await loseDispute(trx, invoice, deps.settings, { at });
      return showInvoice(trx, invoice.id, deps.settings, at);
    },
  }),
  operation({
    op: 'POST /invoices/{lago_id}/retry',
    tag: 'invoices',
    summary: 'Try again to finalize an invoice that failed',
    object: 'invoice',
    params,
    answer: z.union([answer, leftOut]),
    errors: [404, 405],
    async handle({ trx, at, params, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      if (invoice.status !== 'failed') throw notAllowed('invalid_status');
      await finalizeDraft(trx, invoice, at);
      await replanInvoice(trx, invoice.id, at);
      return showUnlessLeftOut(trx, invoice.id, deps.settings, at);
    },
  }),
  operation({
    op: 'POST /invoices/{lago_id}/retry_payment',
    tag: 'invoices',
    summary: 'Try again to collect an invoice; how it went is told by webhook',
    object: 'invoice',
    params,
    body: retryPaymentInput,
    answer: z.literal(''),
    errors: [404, 405, 422],
    async handle({ trx, at, params }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      if (invoice.status !== 'finalized' || invoice.payment_status === 'succeeded') throw notAllowed('invalid_status');
      await announcePaymentFailure(trx, invoice, { code: 'customer_must_have_payment_provider' }, at);
      return '' as const;
    },
  }),
  operation({
    op: 'DELETE /invoices/{lago_id}',
    tag: 'invoices',
    summary: 'Delete a draft; its periods count as billed',
    object: 'invoice',
    params,
    answer,
    errors: [404, 405],
    async handle({ trx, at, params, deps }) {
      const invoice = await holdInvoice(trx, params.lago_id);
      await deleteDraft(trx, invoice, at);
      return showInvoice(trx, invoice.id, deps.settings, at);
    },
  }),
];
