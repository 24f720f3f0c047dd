import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { Tax } from './resolve-taxes.ts';

export interface TaxableFee {
  readonly amount_cents: Cents;
  readonly precise_amount_cents: string;
  /** The fee's share of what was taken off before taxes, decimal text. */
  readonly precise_coupons_amount_cents: string;
  readonly taxes: readonly Tax[];
}

/** The copy of a tax that a document keeps. */
export interface TaxLine {
  readonly tax_id: string;
  readonly tax_name: string;
  readonly tax_code: string;
  readonly tax_description: string | null;
  readonly tax_rate: string;
  readonly amount_cents: Cents;
}

export interface InvoiceTaxLine extends TaxLine {
  /** What the tax is on, cut to whole cents. */
  readonly fees_amount_cents: Cents;
}

export interface FeeTaxes {
  readonly taxes_amount_cents: Cents;
  readonly taxes_precise_amount_cents: string;
  readonly taxes_rate: string;
  readonly taxes: readonly TaxLine[];
}

export interface InvoiceTaxes {
  readonly taxes_amount_cents: Cents;
  readonly taxes_rate: string;
  readonly taxes: readonly InvoiceTaxLine[];
}

/** What each fee owes, in the order of the fees, and what the invoice that they are on owes. */
export function applyTaxes(fees: readonly TaxableFee[]): {
  readonly fees: readonly FeeTaxes[];
  readonly invoice: InvoiceTaxes;
} {
  return { fees: fees.map(taxFee), invoice: taxInvoice(fees) };
}

/** Taxes add up, they are never compounded. What the fee owes is rounded once, from the exact taxes; each line is rounded for itself. */
function taxFee(fee: TaxableFee): FeeTaxes {
  const base = taxableAmount(fee);
  const rates = sum(fee.taxes.map((tax) => tax.rate));
  const preciseBase = new Decimal(fee.precise_amount_cents).minus(fee.precise_coupons_amount_cents);
  return {
    taxes_amount_cents: roundToCents(percent(base, rates)),
    taxes_precise_amount_cents: percent(preciseBase, rates).toDecimalPlaces(15).toFixed(),
    taxes_rate: rates.toFixed(),
    taxes: fee.taxes.map((tax) => ({ ...copy(tax), amount_cents: roundToCents(percent(base, tax.rate)) })),
  };
}

/**
 * The taxes of an invoice come from the fees' exact bases, not from the fees' rounded taxes, and their sum is rounded once. So neither
 * the lines nor the fees' taxes need to add up to it.
 */
function taxInvoice(fees: readonly TaxableFee[]): InvoiceTaxes {
  const lines = basesByTax(fees).map((line) => ({ ...line, amount: percent(line.base, line.tax.rate) }));
  const total = roundToCents(sum(fees.map(taxableAmount)));
  const rates = lines.map(({ tax, base, feesCount }) =>
    // Where nothing is left to tax, the fees count instead of their amounts, so that a rate is still shown.
    total === 0 ? new Decimal(tax.rate).times(feesCount).div(fees.length) : base.times(tax.rate).div(total),
  );

  return {
    taxes_amount_cents: roundToCents(sum(lines.map((line) => line.amount))),
    taxes_rate: sum(rates).toDecimalPlaces(5).toFixed(),
    taxes: lines.map(({ tax, base, amount }) => ({
      ...copy(tax),
      amount_cents: roundToCents(amount),
      fees_amount_cents: roundToCents(base.trunc()),
    })),
  };
}

interface TaxBase {
  readonly tax: Tax;
  readonly base: Decimal;
  readonly feesCount: number;
}

function basesByTax(fees: readonly TaxableFee[]): TaxBase[] {
  const bases = new Map<string, TaxBase>();
  for (const fee of fees) {
    for (const tax of fee.taxes) {
      const { base, feesCount } = bases.get(tax.code) ?? { base: ZERO, feesCount: 0 };
      bases.set(tax.code, { tax, base: base.plus(taxableAmount(fee)), feesCount: feesCount + 1 });
    }
  }
  return [...bases.values()];
}

function taxableAmount({ amount_cents, precise_coupons_amount_cents }: TaxableFee): Decimal {
  return new Decimal(amount_cents).minus(precise_coupons_amount_cents);
}

function copy({ id, name, code, description, rate }: Tax): Omit<TaxLine, 'amount_cents'> {
  return { tax_id: id, tax_name: name, tax_code: code, tax_description: description, tax_rate: rate };
}

function percent(amount: Decimal, rate: Decimal | string): Decimal {
  return amount.times(rate).div(100);
}
