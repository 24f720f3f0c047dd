import { parseInstant, type Instant } from '../clock/instant.ts';
import { forbidden, invalid } from '../errors.ts';
import { dueCents, type Owed } from '../invoices/due.ts';
import type { Invoice } from '../invoices/invoice.ts';
import type { Cents } from '../money/cents.ts';

export interface ManualPayment {
  readonly amount_cents: Cents;
  readonly reference?: string | null | undefined;
  readonly paid_at?: string | null | undefined;
}

const REFERENCE_LENGTH_MAX = 40;

/** What a person may say of the payment of an invoice. Answers with when it was made, if that was said. @throws */
export function checkPayment(
  payment: ManualPayment,
  invoice: Owed & Pick<Invoice, 'invoice_type'>,
): Instant | undefined {
  if (invoice.status !== 'finalized') throw forbidden('feature_unavailable');
  const { amount_cents, reference, paid_at } = payment;
  const made_at = paid_at?.trim() ? parseInstant(paid_at) : undefined;
  if (paid_at?.trim() && made_at === undefined) throw invalid({ paid_at: ['invalid_date'] });

  const details: Record<string, string[]> = {};
  if (!reference?.trim()) details['reference'] = ['value_is_mandatory'];
  else if (reference.length > REFERENCE_LENGTH_MAX) details['reference'] = ['value_is_too_long'];
  const amounts = [
    ...(amount_cents > dueCents(invoice) ? ['value_is_out_of_range'] : []),
    ...(invoice.invoice_type === 'credit' && amount_cents !== invoice.total_amount_cents ? ['invalid_amount'] : []),
  ];
  if (amounts.length > 0) details['amount_cents'] = amounts;
  if (Object.keys(details).length > 0) throw invalid(details);
  return made_at;
}
