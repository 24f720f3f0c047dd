import { invalid, notFound } from '../errors.ts';
import { Decimal } from '../money/decimal.ts';
import { type ComputedItems, type CreditableFee, DECIMALS, type Item } from './compute-items.ts';
import {
  type CreditableInvoice,
  grossCents,
  isPaymentPending,
  leftCents,
  refundableCents,
  roomOf,
} from './creditable-invoice.ts';
import { type Parts, totalOf } from './credit-note.ts';
import { totalOfItems } from './settle-credit-note.ts';

export interface AskedItem {
  readonly fee_id: string;
  /** Decimal text; undefined for what is no number. */
  readonly amount_cents: string | undefined;
}

/** How far two roundings of one amount may be apart. */
const TOLERANCE_CENTS = 1;

/** The first that cannot be given back stops. @throws `fee_not_found`, or what is wrong with an amount */
export function readItems(asked: readonly AskedItem[], fees: readonly CreditableFee[]): Item[] {
  const left = new Map(fees.map((fee) => [fee.id, new Decimal(fee.amount_cents - fee.credited_cents)]));
  return asked.map(({ fee_id, amount_cents }) => {
    const fee = fees.find(({ id }) => id === fee_id);
    if (!fee) throw notFound('fee');
    if (amount_cents === undefined || amount_cents.startsWith('-')) throw invalid({ amount_cents: ['invalid_value'] });
    const amount = new Decimal(amount_cents).toDecimalPlaces(DECIMALS);
    const rest = left.get(fee_id)!.minus(amount);
    if (rest.isNegative()) throw invalid({ amount_cents: ['higher_than_remaining_fee_amount'] });
    left.set(fee_id, rest);
    return { fee, amount };
  });
}

/** All that is wrong with what is wanted, at once. @throws */
export function checkParts(wanted: Parts, computed: ComputedItems, facts: CreditableInvoice): void {
  const details: Record<string, string[]> = {};
  const found = [
    ...creditProblems(wanted, facts),
    ...refundProblems(wanted, facts),
    ...offsetProblems(wanted, facts),
    ...totalProblems(wanted, computed, facts),
  ];
  for (const [field, code] of found) (details[field] ??= []).push(code);
  if (found.length > 0) throw invalid(details);
}

type Problem = readonly [field: string, code: string];

function creditProblems({ credit_amount_cents }: Parts, facts: CreditableInvoice): Problem[] {
  const { given } = facts;
  const limit = grossCents(facts) - given.credit_amount_cents - given.offset_amount_cents;
  const field = 'credit_amount_cents';
  return [
    ...problem(facts.invoice.invoice_type === 'credit' && credit_amount_cents > 0, field, 'cannot_credit_invoice'),
    ...problem(credit_amount_cents > limit + TOLERANCE_CENTS, field, 'higher_than_remaining_invoice_amount'),
  ];
}

function refundProblems({ refund_amount_cents }: Parts, facts: CreditableInvoice): Problem[] {
  if (refund_amount_cents === 0) return [];
  const isUnpaid = facts.invoice.total_paid_amount_cents === 0 || isPaymentPending(facts);
  const isTooMuch = refund_amount_cents > refundableCents(facts);
  const field = 'refund_amount_cents';
  return [
    ...problem(isUnpaid, field, 'cannot_refund_unpaid_invoice'),
    ...problem(isTooMuch, field, 'higher_than_remaining_invoice_amount'),
  ];
}

function offsetProblems({ offset_amount_cents }: Parts, facts: CreditableInvoice): Problem[] {
  const isTooMuch = offset_amount_cents > roomOf(facts).due_cents;
  return problem(isTooMuch, 'offset_amount_cents', 'higher_than_remaining_invoice_amount');
}

function totalProblems(wanted: Parts, computed: ComputedItems, facts: CreditableInvoice): Problem[] {
  const total = totalOf(wanted);
  const isOff = Math.abs(total - computed.expected_total_cents) > TOLERANCE_CENTS;
  return [
    ...problem(total > leftCents(facts) + TOLERANCE_CENTS, 'base', 'higher_than_remaining_invoice_amount'),
    ...problem(isOff, 'base', 'does_not_match_item_amounts'),
    ...problem(total === 0 || totalOfItems(computed) === 0, 'base', 'total_amount_must_be_positive'),
  ];
}

function problem(isThere: boolean, field: string, code: string): Problem[] {
  return isThere ? [[field, code]] : [];
}
