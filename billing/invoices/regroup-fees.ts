import type { Fee, FeeTax } from '../fees/fee.ts';
import { Decimal, sum } from '../money/decimal.ts';
import type { InvoiceTaxLine } from '../taxes/apply-taxes.ts';
import type { Totals } from './totals.ts';

type PaidFee = Pick<Fee, 'id' | 'amount_cents' | 'taxes_amount_cents'>;
type PaidTax = Pick<
  FeeTax,
  'fee_id' | 'tax_id' | 'tax_name' | 'tax_code' | 'tax_description' | 'tax_rate' | 'amount_cents'
>;

export interface RegroupedTax extends Omit<InvoiceTaxLine, 'tax_id'> {
  readonly tax_id: string | null;
}

/** What fees that have been paid come to: nothing is computed anew, for nothing more can be asked. */
export function regroupFees(
  fees: readonly PaidFee[],
  taxes: readonly PaidTax[],
): { readonly totals: Totals; readonly taxes: readonly RegroupedTax[] } {
  const amount_cents = total(fees.map((fee) => fee.amount_cents));
  const taxes_amount_cents = total(fees.map((fee) => fee.taxes_amount_cents));
  const rate = amount_cents === 0 ? new Decimal(0) : new Decimal(taxes_amount_cents).times(100).div(amount_cents);
  const amounts = new Map(fees.map((fee) => [fee.id, fee.amount_cents]));
  return {
    totals: {
      fees_amount_cents: amount_cents,
      progressive_billing_credit_amount_cents: 0,
      coupons_amount_cents: 0,
      sub_total_excluding_taxes_amount_cents: amount_cents,
      taxes_amount_cents,
      taxes_rate: rate.toDecimalPlaces(2).toFixed(),
      sub_total_including_taxes_amount_cents: amount_cents + taxes_amount_cents,
      total_amount_cents: amount_cents + taxes_amount_cents,
    },
    taxes: [...Map.groupBy(taxes, (tax) => tax.tax_code).values()].map((lines) => {
      const [{ tax_id, tax_name, tax_code, tax_description, tax_rate }] = lines as [PaidTax];
      return {
        tax_id,
        tax_name,
        tax_code,
        tax_description,
        tax_rate,
        amount_cents: total(lines.map((line) => line.amount_cents)),
        fees_amount_cents: total(lines.map((line) => amounts.get(line.fee_id) ?? 0)),
      };
    }),
  };
}

function total(cents: readonly number[]): number {
  return sum(cents).toNumber();
}
