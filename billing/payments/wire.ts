import { toWireSeconds } from '../clock/instant.ts';
import type { Payment } from './payment.ts';

export interface PaymentDocument {
  readonly payment: Payment;
  readonly external_customer_id: string;
  /** What was paid by it. */
  readonly invoices: readonly { readonly id: string; readonly number: string }[];
}

export function paymentWire({ payment, external_customer_id, invoices }: PaymentDocument) {
  return {
    lago_id: payment.id,
    lago_customer_id: payment.customer_id,
    external_customer_id,
    invoice_ids: invoices.map(({ id }) => id),
    invoice_numbers: invoices.map(({ number }) => number),
    lago_payable_id: payment.invoice_id,
    payable_type: 'Invoice' as const,
    amount_cents: payment.amount_cents,
    amount_currency: payment.amount_currency,
    status: payment.status,
    payment_status: payment.payment_status,
    type: payment.payment_type,
    reference: payment.reference,
    payment_provider_code: null,
    payment_provider_type: null,
    external_payment_id: null,
    provider_payment_id: null,
    provider_customer_id: null,
    payment_method_id: null,
    next_action: {},
    created_at: toWireSeconds(payment.created_at),
  };
}
