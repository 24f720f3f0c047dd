import type { z } from 'zod';
import { issueCreditNote } from '../../../activities/credit-notes/issue-credit-note.ts';
import { checkParts, readItems } from '../../../billing/credit-notes/check-credit-note.ts';
import { type ComputedItems, computeItems } from '../../../billing/credit-notes/compute-items.ts';
import { type CreditNoteReason, creditNoteReasons } from '../../../billing/credit-notes/credit-note.ts';
import type { CreditableInvoice } from '../../../billing/credit-notes/creditable-invoice.ts';
import { estimateCreditNote } from '../../../billing/credit-notes/estimate-credit-note.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import type { LinkSettings } from '../../../billing/invoices/document-link.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import type { CreditNoteRow } from '../../../db/credit-notes.ts';
import { readCreditableInvoice } from '../../../db/creditable-invoice.ts';
import { isId } from '../../../db/ids.ts';
import { type InvoiceRow, findVisibleInvoice, lockInvoiceWithBilling } from '../../../db/invoices.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { type createInput, type estimateInput, readAmount } from '../../contracts/credit-notes.ts';

type Input = z.output<typeof createInput>['credit_note'];
type EstimateInput = z.output<typeof estimateInput>['credit_note'];

interface Subject {
  readonly invoice: InvoiceRow;
  readonly facts: CreditableInvoice;
  readonly computed: ComputedItems;
}

export async function createCreditNote(
  trx: Transaction,
  input: Input,
  links: LinkSettings,
  at: Instant,
): Promise<CreditNoteRow> {
  const { invoice, facts, computed } = await readSubject(trx, input, (amount) => amount);
  const reason = readReason(input);
  const wanted = {
    credit_amount_cents: input.credit_amount_cents ?? 0,
    refund_amount_cents: input.refund_amount_cents ?? 0,
    offset_amount_cents: input.offset_amount_cents ?? 0,
  };
  checkParts(wanted, computed, facts);
  const { description = null, metadata = null } = input;
  const note = await issueCreditNote(
    trx,
    invoice,
    facts,
    { computed, wanted, reason, description, metadata },
    at,
    links,
  );
  if (!note) throw new Error('a credit note that somebody asked for has no occasion');
  return note;
}

/** Amounts are cut to whole cents. Nothing is stored. */
export async function showEstimate(trx: Transaction, input: EstimateInput) {
  const { invoice, facts, computed } = await readSubject(trx, input, (amount) => new Decimal(amount).trunc().toFixed());
  const { precise_taxes_amount_cents, precise_coupons_adjustment_amount_cents, taxes_rate, ...estimate } =
    estimateCreditNote(computed, facts);
  return {
    lago_invoice_id: invoice.id,
    invoice_number: invoice.number,
    currency: invoice.currency,
    ...estimate,
    taxes_rate: Number(taxes_rate),
    precise_taxes_amount_cents: Number(precise_taxes_amount_cents),
    precise_coupons_adjustment_amount_cents: Number(precise_coupons_adjustment_amount_cents),
    items: computed.items.map(({ fee, amount }) => ({ lago_fee_id: fee.id, amount_cents: amount.toNumber() })),
    applied_taxes: computed.taxes.map((tax) => ({
      lago_tax_id: tax.tax_id,
      tax_name: tax.tax_name,
      tax_code: tax.tax_code,
      tax_rate: Number(tax.tax_rate),
      tax_description: tax.tax_description,
      base_amount_cents: tax.base_amount_cents,
      amount_cents: tax.amount_cents,
      amount_currency: invoice.currency,
    })),
  };
}

/** The invoice, held so that two notes on it queue, and what the items on it come to. */
async function readSubject(
  trx: Transaction,
  input: Pick<Input, 'invoice_id' | 'items'>,
  read: (amount: string) => string,
): Promise<Subject> {
  const invoice = await takeInvoice(trx, input.invoice_id ?? '');
  if (!Array.isArray(input.items)) throw invalid({ items: ['must_be_an_array'] });
  const asked = (input.items as unknown[]).map((item) => {
    const { fee_id, amount_cents } = (item ?? {}) as { readonly fee_id?: unknown; readonly amount_cents?: unknown };
    const amount = readAmount(amount_cents);
    return { fee_id: typeof fee_id === 'string' ? fee_id : '', amount_cents: amount && read(amount) };
  });
  const facts = await readCreditableInvoice(trx, invoice);
  return { invoice, facts, computed: computeItems(readItems(asked, facts.fees), facts) };
}

async function takeInvoice(trx: Transaction, invoice_id: string): Promise<InvoiceRow> {
  const known = isId(invoice_id) ? await findVisibleInvoice(trx, invoice_id) : undefined;
  if (!known) throw notFound('invoice');
  const invoice = await lockInvoiceWithBilling(trx, known.id);
  if (!invoice) throw notFound('invoice');
  // What was bought is paid back out of a wallet, and there are none yet.
  if (invoice.invoice_type === 'credit') throw notAllowed('invalid_type_or_status');
  return invoice;
}

function readReason({ reason }: Input): CreditNoteReason {
  const known = creditNoteReasons.find((one) => one === (reason ?? 'other'));
  if (!known) throw invalid({ reason: ['value_is_invalid'] });
  return known;
}
