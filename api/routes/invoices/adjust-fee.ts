import { refreshDraft } from '../../../activities/invoices/refresh-draft.ts';
import type { AdjustedFee } from '../../../billing/adjusted-fees/adjusted-fee.ts';
import { checkUnits } from '../../../billing/adjusted-fees/check.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { groupedBy, groupKeys } from '../../../billing/usage/measure.ts';
import { type AdjustedFeeRow, insertAdjustedFee } from '../../../db/adjusted-fees.ts';
import { type FeeRow, findFee } from '../../../db/fees.ts';
import { isId, newId } from '../../../db/ids.ts';
import { findBillingPeriodsOfInvoice, type InvoiceRow } from '../../../db/invoices.ts';
import { type ChargeFacts, pricingOf, readCharges } from '../../../db/pricing-facts.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { AdjustedFeeInput } from '../../contracts/adjusted-fees.ts';
import { findAdjustedLine } from './adjusted-line.ts';

/** What is adjusted: the line of a bill, and its charge where it is usage. */
interface Target extends Pick<
  AdjustedFee,
  'subscription_id' | 'fee_type' | 'charge_id' | 'charge_filter_id' | 'grouped_by'
> {
  readonly charge: ChargeFacts | null;
  /** Null: the draft does not have it yet. */
  readonly fee: FeeRow | null;
}

/** Puts what people want in place of a line of a draft, once, and computes the draft anew. The caller holds it and its billing. */
export async function adjustFee(
  trx: Transaction,
  draft: InvoiceRow,
  input: AdjustedFeeInput,
  at: Instant,
): Promise<AdjustedFeeRow> {
  const target = input.fee_id ? await targetOfFee(trx, draft, input.fee_id) : await targetOf(trx, draft, input);
  refuseValues(target, draft, input);
  const { charge: _charge, fee: _fee, ...key } = target;
  const adjusted = await insertAdjustedFee(trx, {
    ...key,
    id: newId(),
    invoice_id: draft.id,
    units: input.units ?? null,
    unit_precise_amount: input.unit_precise_amount ?? null,
    invoice_display_name: input.invoice_display_name?.trim() ? input.invoice_display_name : null,
    created_at: at,
  });
  if (!adjusted) throw invalid({ adjusted_fee: ['already_exists'] });
  await refreshDraft(trx, draft, at);
  // A charge that this invoice does not bill, whatever was used of it.
  if (!(await findAdjustedLine(trx, adjusted))) throw notFound('charge');
  return adjusted;
}

async function targetOfFee(trx: Transaction, { id: invoice_id }: InvoiceRow, fee_id: string): Promise<Target> {
  const fee = isId(fee_id) ? await findFee(trx, fee_id) : undefined;
  if (!fee || fee.invoice_id !== invoice_id || fee.subscription_id === null) throw notFound('fee');
  const { fee_type, subscription_id, charge_id, charge_filter_id, grouped_by } = fee;
  // What is missing to a minimum follows from the other lines.
  const isAdjustable = fee_type === 'subscription' || (fee_type === 'charge' && fee.true_up_parent_fee_id === null);
  if (!isAdjustable) throw invalid({ fee: ['invalid_fee_type'] });
  const key = { subscription_id, fee_type, charge_id, charge_filter_id, grouped_by };
  return { ...key, charge: await chargeOf(trx, invoice_id, key), fee };
}

async function targetOf(trx: Transaction, draft: InvoiceRow, input: AdjustedFeeInput): Promise<Target> {
  const subscription_id = input.subscription_id?.toLowerCase() ?? '';
  const charge_id = input.charge_id?.toLowerCase() ?? '';
  const charge_filter_id = input.charge_filter_id?.toLowerCase();
  const periods = await findBillingPeriodsOfInvoice(trx, draft.id);
  if (!periods.some((period) => period.subscription_id === subscription_id)) throw notFound('subscription');
  const charge = await chargeOf(trx, draft.id, { subscription_id, charge_id });
  if (!charge) throw notFound('charge');
  const filter = charge.filters.find(({ id }) => id === charge_filter_id);
  if (charge_filter_id && !filter) throw notFound('charge_filter');

  const keys = groupKeys(filter?.properties ?? charge.properties);
  const asked = input.grouped_by ?? {};
  if (Object.keys(asked).some((name) => !keys.includes(name))) throw invalid({ grouped_by: ['value_is_invalid'] });
  const values = keys.map((name) => (asked[name]?.trim() ? asked[name] : null));
  return {
    subscription_id,
    fee_type: 'charge',
    charge_id: charge.id,
    charge_filter_id: filter?.id ?? null,
    grouped_by: groupedBy(keys, values),
    charge,
    fee: null,
  };
}

async function chargeOf(
  trx: Transaction,
  invoice_id: string,
  { subscription_id, charge_id }: Pick<AdjustedFee, 'subscription_id' | 'charge_id'>,
): Promise<ChargeFacts | null> {
  const periods = await findBillingPeriodsOfInvoice(trx, invoice_id);
  const plan_ids = periods.filter((one) => one.subscription_id === subscription_id).map(({ plan_id }) => plan_id);
  return (await readCharges(trx, plan_ids)).find(({ id }) => id === charge_id) ?? null;
}

function refuseValues(target: Target, { currency }: InvoiceRow, input: AdjustedFeeInput): void {
  const { charge, fee, charge_filter_id } = target;
  const { units = null, unit_precise_amount = null, invoice_display_name } = input;
  const isOnlyNamed = fee !== null && unit_precise_amount === null && Boolean(invoice_display_name?.trim());
  if (units === null && !isOnlyNamed) throw invalid({ units: ['value_is_mandatory'] });
  if (units === null) return;
  const priced = charge && pricingOf(charge, charge_filter_id);
  checkUnits({ charge: priced, unit_cents: fee?.precise_amount_cents ?? '0', currency }, units, unit_precise_amount);
}
