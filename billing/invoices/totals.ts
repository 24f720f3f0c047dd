import { assert } from '../assert.ts';
import type { Cents } from '../money/cents.ts';
import { Decimal, sum } from '../money/decimal.ts';
import type { InvoiceTaxes } from '../taxes/apply-taxes.ts';

export interface Totals {
  readonly fees_amount_cents: Cents;
  readonly progressive_billing_credit_amount_cents: Cents;
  readonly coupons_amount_cents: Cents;
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly taxes_amount_cents: Cents;
  readonly taxes_rate: string;
  readonly sub_total_including_taxes_amount_cents: Cents;
  readonly total_amount_cents: Cents;
}

interface Amounts {
  readonly fees: readonly { readonly amount_cents: Cents; readonly precise_coupons_amount_cents: string }[];
  readonly taxes: Pick<InvoiceTaxes, 'taxes_amount_cents' | 'taxes_rate'>;
  readonly progressive_billing_credit_amount_cents?: Cents;
  /** Rounded coupon by coupon; the fees carry their exact shares of it, and what was billed of them before. */
  readonly coupons_amount_cents?: Cents;
}

/** The amounts of an invoice in their order: fees, less what is taken off before taxes, plus taxes. */
export function computeTotals({
  fees,
  taxes,
  progressive_billing_credit_amount_cents = 0,
  coupons_amount_cents = 0,
}: Amounts): Totals {
  const discounts_cents = progressive_billing_credit_amount_cents + coupons_amount_cents;
  assertSharesAddUp(fees, discounts_cents, progressive_billing_credit_amount_cents > 0);
  const { taxes_amount_cents, taxes_rate } = taxes;
  const fees_amount_cents = fees.reduce((total, fee) => total + fee.amount_cents, 0);
  const sub_total_excluding_taxes_amount_cents = fees_amount_cents - discounts_cents;
  const total_amount_cents = sub_total_excluding_taxes_amount_cents + taxes_amount_cents;

  assert(discounts_cents <= fees_amount_cents, 'invoice: what is taken off never exceeds fees');
  assert(taxes_amount_cents >= 0, 'invoice: taxes are never negative');
  assert(total_amount_cents >= 0, 'invoice: a customer is never owed by an invoice');
  assert(Number.isSafeInteger(total_amount_cents), 'invoice: the total fits a safe integer');
  return {
    fees_amount_cents,
    progressive_billing_credit_amount_cents,
    coupons_amount_cents,
    sub_total_excluding_taxes_amount_cents,
    taxes_amount_cents,
    taxes_rate,
    sub_total_including_taxes_amount_cents: total_amount_cents,
    total_amount_cents,
  };
}

function assertSharesAddUp(fees: Amounts['fees'], discounts_cents: Cents, isProgressive: boolean): void {
  for (const { amount_cents, precise_coupons_amount_cents } of fees) {
    assert(amount_cents >= 0, 'invoice: a fee is never negative');
    assert(new Decimal(precise_coupons_amount_cents).gte(0), 'invoice: a coupon never adds to a fee');
    assert(new Decimal(precise_coupons_amount_cents).lte(amount_cents), 'invoice: coupons never exceed a fee');
  }
  // Shares are stored with 5 decimals, so that together they miss what is taken off by less than a cent. They may be more: what was billed of a fee
  // before counts whole, also where a coupon made its invoice cheaper.
  const shares = sum(fees.map((fee) => fee.precise_coupons_amount_cents));
  const excess = shares.minus(discounts_cents);
  assert(excess.gt(-1) && (isProgressive || excess.lt(1)), 'invoice: the shares of what is taken off add up');
}
