import type { z } from 'zod';
import { changePaymentStatus } from '../../../activities/payments/change-payment-status.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import type { LinkSettings } from '../../../billing/invoices/document-link.ts';
import { type InvoicePaymentStatus, invoicePaymentStatuses } from '../../../billing/invoices/invoice.ts';
import { type MetadataFields, lockInvoice, replaceInvoiceMetadata, updateInvoice } from '../../../db/invoices.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { updateInput } from '../../contracts/invoices.ts';

type Input = z.output<typeof updateInput>['invoice'];

const METADATA_MAX = 5;
const KEY_LENGTH_MAX = 20;
const VALUE_LENGTH_MAX = 140;

/** What can be said of a finalized invoice: how its payment went, and the caller's own notes. */
export async function editInvoice(
  trx: Transaction,
  invoice_id: string,
  input: Input,
  links: LinkSettings,
  at: Instant,
): Promise<void> {
  const invoice = await lockInvoice(trx, invoice_id);
  if (!invoice) throw notFound('invoice');
  if (invoice.status === 'voided') throw notAllowed('update_on_voided_invoice');
  if (invoice.status === 'draft' && input.metadata !== undefined) throw notAllowed('metadata_on_draft_invoice');
  const payment_status = readPaymentStatus(input);
  const metadata = readMetadata(input);
  const isPaidOtherwise = payment_status !== undefined && payment_status !== invoice.payment_status;
  if (invoice.status === 'draft' && isPaidOtherwise) throw notAllowed('payment_status_update_on_draft_invoice');

  if (metadata) await replaceInvoiceMetadata(trx, invoice.id, metadata, at);
  if (metadata) await updateInvoice(trx, invoice.id, { updated_at: at });
  if (isPaidOtherwise) await changePaymentStatus(trx, invoice, payment_status, at, links);
}

function readPaymentStatus({ payment_status }: Input): InvoicePaymentStatus | undefined {
  if (payment_status === undefined) return undefined;
  const known = invoicePaymentStatuses.find((one) => one === payment_status);
  if (known === undefined) throw invalid({ payment_status: ['value_is_invalid'] });
  return known;
}

function readMetadata({ metadata }: Input): MetadataFields[] | undefined {
  if (metadata === undefined) return undefined;
  if (metadata.length > METADATA_MAX) throw invalid({ metadata: ['invalid_count'] });
  const keys = metadata.map(({ key }) => key ?? '');
  const problems: Record<string, string[]> = {};
  if (keys.some((key) => key.trim() === '')) problems['key'] = ['value_is_mandatory'];
  else if (keys.some((key) => key.length > KEY_LENGTH_MAX)) problems['key'] = ['value_is_too_long'];
  else if (new Set(keys).size < keys.length) problems['key'] = ['value_already_exist'];
  if (metadata.some(({ value }) => (value ?? '').trim() === '')) problems['value'] = ['value_is_mandatory'];
  else if (metadata.some(({ value }) => (value ?? '').length > VALUE_LENGTH_MAX))
    problems['value'] = ['value_is_too_long'];
  if (Object.keys(problems).length > 0) throw invalid(problems);
  return metadata.map(({ id, key, value }) => ({ id: id ?? undefined, key: key ?? '', value: value ?? '' }));
}
