import type { CreditableFee, Item } from '../../../billing/credit-notes/compute-items.ts';
import type { CreditableInvoice } from '../../../billing/credit-notes/creditable-invoice.ts';
import { NO_PARTS, type Parts } from '../../../billing/credit-notes/credit-note.ts';
import type { ComputedItems } from '../../../billing/credit-notes/compute-items.ts';
import { roundToCents } from '../../../billing/money/cents.ts';
import { Decimal, sum } from '../../../billing/money/decimal.ts';

export interface FeeSketch {
  readonly cents: number;
  /** Percents; each of its own code. */
  readonly rates?: readonly string[];
  readonly coupons?: string;
  readonly credited?: number;
}

export function feeOf({ cents, rates = [], coupons = '0', credited = 0 }: FeeSketch, id = 'fee'): CreditableFee {
  return {
    id,
    amount_cents: cents,
    precise_coupons_amount_cents: coupons,
    credited_cents: credited,
    taxes: rates.map((tax_rate, index) => ({
      tax_id: null,
      tax_name: `VAT ${tax_rate}`,
      tax_code: `vat_${tax_rate}_${index}`,
      tax_description: null,
      tax_rate,
    })),
  };
}

/** An invoice of these fees that nothing was given back of. Unpaid, unless it says otherwise. */
export function invoiceOf(
  sketches: readonly FeeSketch[],
  { paid = 0, status = 'finalized', payment_status, ...rest }: Partial<{ paid: number; status: 'draft' | 'finalized' | 'voided'; payment_status: 'pending' | 'succeeded' | 'failed'; invoice_type: 'subscription' | 'credit' }> = {}, // prettier-ignore
): CreditableInvoice {
  const fees = sketches.map((sketch, index) => feeOf(sketch, `fee-${index + 1}`));
  const bases = fees.map((fee) => new Decimal(fee.amount_cents).minus(fee.precise_coupons_amount_cents));
  const taxes_amount_cents = roundToCents(
    sum(fees.flatMap(({ taxes }, index) => taxes.map(({ tax_rate }) => bases[index]!.times(tax_rate).div(100)))),
  );
  const total_amount_cents = roundToCents(sum(bases)) + taxes_amount_cents;
  return {
    fees,
    taxes_amount_cents,
    earlier_taxes_cents: 0,
    earlier_precise_taxes: '0',
    given: NO_PARTS,
    invoice: {
      invoice_type: rest.invoice_type ?? 'subscription',
      status,
      payment_status: payment_status ?? (paid === total_amount_cents && paid > 0 ? 'succeeded' : 'pending'),
      total_amount_cents,
      total_paid_amount_cents: paid,
      total_offsetted_credit_note_amount_cents: 0,
    },
  };
}

export function itemsOf(invoice: CreditableInvoice, amounts: readonly (string | number)[]): Item[] {
  return amounts.flatMap((amount, index) => {
    const fee = invoice.fees[index]!;
    return new Decimal(amount).isZero() ? [] : [{ fee, amount: new Decimal(amount) }];
  });
}

/** The invoice after a note on it. */
export function afterNote(invoice: CreditableInvoice, computed: ComputedItems, parts: Parts): CreditableInvoice {
  const { given } = invoice;
  return {
    ...invoice,
    fees: invoice.fees.map((fee) => {
      const own = computed.items.filter((item) => item.fee.id === fee.id).map(({ amount }) => roundToCents(amount));
      return { ...fee, credited_cents: own.reduce((total, cents) => total + cents, fee.credited_cents) };
    }),
    earlier_taxes_cents: invoice.earlier_taxes_cents + computed.taxes_amount_cents,
    earlier_precise_taxes: new Decimal(invoice.earlier_precise_taxes).plus(computed.precise_taxes).toFixed(),
    given: {
      credit_amount_cents: given.credit_amount_cents + parts.credit_amount_cents,
      refund_amount_cents: given.refund_amount_cents + parts.refund_amount_cents,
      offset_amount_cents: given.offset_amount_cents + parts.offset_amount_cents,
    },
  };
}
