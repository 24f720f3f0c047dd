import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { TaxLine } from '../taxes/apply-taxes.ts';

/** Of precise amounts. */
export const DECIMALS = 5;

/** A fee of an invoice, as far as it can be given back. */
export interface CreditableFee {
  readonly id: string;
  readonly amount_cents: Cents;
  /** Its share of what was taken off before taxes. */
  readonly precise_coupons_amount_cents: string;
  /** With the rates that it was billed with. */
  readonly taxes: readonly FeeTax[];
  /** The items of all notes on it, also of drafts and voided ones. */
  readonly credited_cents: Cents;
}

export type FeeTax = Omit<TaxLine, 'amount_cents' | 'tax_id'> & { readonly tax_id: string | null };

export interface Item {
  readonly fee: CreditableFee;
  /** Before coupons and taxes. */
  readonly amount: Decimal;
}

/** What an invoice says of the taxes of its notes. */
export interface TaxesGivenBack {
  readonly fees: readonly CreditableFee[];
  readonly taxes_amount_cents: Cents;
  /** Of all earlier notes. */
  readonly earlier_taxes_cents: Cents;
  readonly earlier_precise_taxes: string;
}

export type CreditNoteTaxLine = FeeTax & {
  readonly base_amount_cents: Cents;
  readonly amount_cents: Cents;
};

/** What items come to. Decimals are not rounded to cents yet. */
export interface ComputedItems {
  readonly items: readonly Item[];
  readonly coupons: Decimal;
  /** After coupons. */
  readonly base: Decimal;
  readonly taxes: readonly CreditNoteTaxLine[];
  readonly precise_taxes: Decimal;
  readonly taxes_amount_cents: Cents;
  readonly taxes_rate: string;
  readonly sub_total_cents: Cents;
  /** With taxes. */
  readonly precise_total: Decimal;
  readonly expected_total_cents: Cents;
}

/** From items to what they are worth after coupons and with taxes. Source: spec "Credit notes", create. */
export function computeItems(items: readonly Item[], invoice: TaxesGivenBack): ComputedItems {
  const bases = items.map(({ fee, amount }) => amount.minus(couponPart(fee, amount)));
  const base = sum(bases);
  const given = sum(items.map(({ amount }) => amount));
  const lines = basesByTax(items, bases);
  const exact = sum(lines.map(({ tax, base: taxed }) => percent(taxed, tax.tax_rate)));
  const { precise_taxes, taxes_amount_cents } = settleTaxes(exact, items, invoice);
  const precise_total = base.plus(precise_taxes).toDecimalPlaces(DECIMALS);
  return {
    items,
    coupons: given.minus(base),
    base,
    taxes: lines.map(({ tax, base: taxed }) => ({
      ...tax,
      base_amount_cents: roundToCents(taxed),
      amount_cents: roundToCents(percent(taxed, tax.tax_rate)),
    })),
    precise_taxes,
    taxes_amount_cents,
    taxes_rate: averageRate(lines, base),
    sub_total_cents: roundToCents(base),
    precise_total,
    expected_total_cents: roundToCents(precise_total),
  };
}

/** The coupon goes back to whoever gave it: what a fee cost less than its amount, in proportion. */
export function couponPart(
  { amount_cents, precise_coupons_amount_cents }: Pick<CreditableFee, 'amount_cents' | 'precise_coupons_amount_cents'>,
  amount: Decimal,
): Decimal {
  return amount_cents === 0 ? ZERO : amount.times(precise_coupons_amount_cents).div(amount_cents);
}

interface TaxBase {
  readonly tax: FeeTax;
  readonly base: Decimal;
}

function basesByTax(items: readonly Item[], bases: readonly Decimal[]): TaxBase[] {
  const found = new Map<string, TaxBase>();
  for (const [index, { fee }] of items.entries())
    for (const tax of fee.taxes) {
      const before = found.get(tax.tax_code)?.base ?? ZERO;
      found.set(tax.tax_code, { tax, base: before.plus(bases[index]!) });
    }
  return [...found.values()];
}

function averageRate(lines: readonly TaxBase[], base: Decimal): string {
  if (base.isZero()) return '0';
  return sum(lines.map(({ tax, base: taxed }) => taxed.times(tax.tax_rate).div(base)))
    .toDecimalPlaces(DECIMALS)
    .toFixed();
}

/**
 * The note that leaves nothing on the invoice gives back what the others before it were rounded by, so that together they give back the
 * taxes of the invoice to the cent. Before that, none gives back more than is left of them.
 */
function settleTaxes(
  exact: Decimal,
  items: readonly Item[],
  invoice: TaxesGivenBack,
): { readonly precise_taxes: Decimal; readonly taxes_amount_cents: Cents } {
  const isLast = leavesNothing(items, invoice.fees);
  const rounded_up = new Decimal(invoice.earlier_taxes_cents).minus(invoice.earlier_precise_taxes);
  const precise_taxes = Decimal.max(isLast ? exact.minus(rounded_up) : exact, 0).toDecimalPlaces(DECIMALS);
  const left = Math.max(invoice.taxes_amount_cents - invoice.earlier_taxes_cents, 0);
  // Five decimals may miss an exact half cent: then what is left decides.
  const isAllThatIsLeft = isLast && precise_taxes.minus(left).abs().lte(HALF_A_CENT);
  return { precise_taxes, taxes_amount_cents: isAllThatIsLeft ? left : Math.min(roundToCents(precise_taxes), left) };
}

const HALF_A_CENT = new Decimal('0.501');

function leavesNothing(items: readonly Item[], fees: readonly CreditableFee[]): boolean {
  return fees.every((fee) => {
    const own = items.filter((item) => item.fee.id === fee.id).map(({ amount }) => roundToCents(amount));
    return own.reduce((left, cents) => left - cents, fee.amount_cents - fee.credited_cents) <= 0;
  });
}

function percent(amount: Decimal, rate: string): Decimal {
  return amount.times(rate).div(100);
}
