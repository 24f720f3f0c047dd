import { z } from 'zod';
import { generateOneOff } from '../../../activities/invoices/generate-one-off.ts';
import { type Instant, type Span, addMilliseconds, parseInstant } from '../../../billing/clock/instant.ts';
import { type ErrorDetails, invalid, notFound } from '../../../billing/errors.ts';
import type { SoldAddOn } from '../../../billing/invoices/one-off.ts';
import type { Currency } from '../../../billing/money/currency.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import { resolveTaxes } from '../../../billing/taxes/resolve-taxes.ts';
import { type AddOnRow, findAddOnsByCode } from '../../../db/add-ons.ts';
import { type CustomerRow, lockCustomer, updateCustomer } from '../../../db/customers.ts';
import { readTaxLevels } from '../../../db/pricing-facts.ts';
import { findAttachedTaxes, findKnownTaxes, type TaxRow } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import {
  billingEntityCode,
  cents,
  currency,
  optionalText,
  positiveDecimal,
  taxCodes,
  text,
} from '../../contracts/fields.ts';

// An unknown customer stops all other checks, and so do fees that are not there.
const fee = z.object({
  add_on_code: text,
  invoice_display_name: optionalText,
  unit_amount_cents: cents.nullish().meta({ description: "The add-on's if left out" }),
  units: positiveDecimal.nullish().meta({ description: '1 if left out' }),
  description: optionalText,
  from_datetime: text.nullish().meta({ format: 'date-time' }),
  to_datetime: text.nullish().meta({ format: 'date-time', description: 'The last instant that is included' }),
  tax_codes: taxCodes.meta({ description: 'Unknown ones are ignored' }),
});

export const oneOffInput = z.object({
  invoice: z.object({
    external_customer_id: text,
    billing_entity_code: billingEntityCode.nullish(),
    currency: currency.nullish().meta({ description: "The customer's if left out" }),
    fees: z.array(fee).max(500, 'value_is_too_long').nullish(),
  }),
});

type Input = z.output<typeof oneOffInput>['invoice'];
type FeeInput = z.output<typeof fee>;

/** All or nothing. Answers with the id of the invoice. */
export async function createOneOff(trx: Transaction, input: Input, at: Instant): Promise<string> {
  const customer = await lockCustomer(trx, input.external_customer_id);
  if (!customer) throw notFound('customer');
  const fees = input.fees ?? [];
  if (fees.length === 0) throw notFound('fees');
  const add_ons = await findAddOnsByCode(
    trx,
    fees.map((one) => one.add_on_code),
  );
  const asked = fees.map((one) => ({ input: one, add_on: takeAddOn(add_ons, one.add_on_code) }));

  const wanted = input.currency ?? customer.currency ?? asked[0]!.add_on.amount_currency;
  checkFees(asked, wanted);
  const sold = await sell(trx, customer, asked);
  if (customer.currency === null) await updateCustomer(trx, customer.id, { currency: wanted }, at);
  return generateOneOff(trx, { customer_id: customer.id, currency: wanted, sold }, at);
}

interface Asked {
  readonly input: FeeInput;
  readonly add_on: AddOnRow;
}

function takeAddOn(add_ons: ReadonlyMap<string, AddOnRow>, code: string): AddOnRow {
  const add_on = add_ons.get(code);
  if (!add_on) throw notFound('add_on');
  return add_on;
}

const TOTAL_MAX = Number.MAX_SAFE_INTEGER / 1000;

function checkFees(asked: readonly Asked[], wanted: Currency): void {
  const details: Record<string, string[]> = {};
  // A price in another currency would be taken for one in this.
  if (asked.some(({ input, add_on }) => !isPriced(input) && add_on.amount_currency !== wanted))
    details['currency'] = ['currencies_does_not_match'];
  if (asked.some(({ input }) => spanOf(input) === undefined)) details['boundaries'] = ['values_are_invalid'];
  const total = asked.reduce(
    (sum, { input, add_on }) => sum.plus(new Decimal(unitAmount(input, add_on)).times(input.units ?? 1)),
    new Decimal(0),
  );
  if (total.gt(TOTAL_MAX)) details['units'] = ['value_is_out_of_range'];
  if (Object.keys(details).length > 0) throw invalid(details as ErrorDetails);
}

function isPriced({ unit_amount_cents }: FeeInput): boolean {
  return unit_amount_cents !== undefined && unit_amount_cents !== null;
}

function unitAmount({ unit_amount_cents }: FeeInput, add_on: AddOnRow): number {
  return unit_amount_cents ?? add_on.amount_cents;
}

/** Both ends or none, in their order. Null: none; undefined: wrong. */
function spanOf({ from_datetime, to_datetime }: FeeInput): Span | null | undefined {
  if (!from_datetime && !to_datetime) return null;
  const from = parseInstant(from_datetime ?? '');
  const to = parseInstant(to_datetime ?? '');
  if (from === undefined || to === undefined || from > to) return undefined;
  return { from, to: addMilliseconds(to, 1) };
}

async function sell(trx: Transaction, customer: CustomerRow, asked: readonly Asked[]): Promise<SoldAddOn[]> {
  const levels = await readTaxLevels(trx, customer.id, []);
  const known = await findKnownTaxes(
    trx,
    asked.flatMap(({ input }) => input.tax_codes ?? []),
  );
  const taxesOf = await findAttachedTaxes(
    trx,
    'add_on',
    asked.map(({ add_on }) => add_on.id),
  );
  return asked.map(({ input, add_on }) => ({
    add_on,
    unit_amount_cents: unitAmount(input, add_on),
    units: input.units ?? '1',
    description: input.description ?? null,
    invoice_display_name: input.invoice_display_name ?? null,
    span: spanOf(input) ?? null,
    taxes: resolveTaxes({
      fee: named(input, known),
      add_on: taxesOf(add_on.id),
      customer: levels.customer,
      organization: levels.organization,
    }),
  }));
}

function named({ tax_codes }: FeeInput, known: ReadonlyMap<string, TaxRow>): TaxRow[] {
  return [...new Set(tax_codes ?? [])].flatMap((code) => known.get(code) ?? []);
}
