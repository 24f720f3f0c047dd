import type { Instant } from '../../../billing/clock/instant.ts';
import { keptTerms, validateTerms } from '../../../billing/coupons/validate.ts';
import { invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import {
  type CouponFields,
  type CouponRow,
  findCoupon,
  findTargets,
  insertCoupon,
  replaceCouponTargets,
  updateCoupon,
  wasApplied,
} from '../../../db/coupons.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { CouponCreateInput, CouponUpdateInput } from '../../contracts/coupons.ts';

export async function createCoupon(trx: Transaction, input: CouponCreateInput, at: Instant): Promise<CouponRow> {
  const { applies_to, reusable, description = null, ...fields } = input;
  const terms = {
    ...fields,
    description,
    reusable: reusable ?? true,
    amount_cents: fields.amount_cents ?? null,
    amount_currency: fields.amount_currency ?? null,
    percentage_rate: fields.percentage_rate ?? null,
    frequency_duration: fields.frequency_duration ?? null,
    expiration_at: fields.expiration_at ?? null,
  };
  await refuse(trx, validateTerms(terms, { at, isEndSent: true }), fields.code);
  const targets = (await readTargets(trx, applies_to)) ?? NO_TARGETS;
  const coupon = await insertCoupon(trx, { ...keptTerms(terms), ...limitsOf(targets) }, at);
  await replaceCouponTargets(trx, coupon.id, targets);
  return coupon;
}

/** What customers may have agreed to is kept once it was applied, whatever is sent. */
export async function editCoupon(
  trx: Transaction,
  coupon: CouponRow | undefined,
  input: CouponUpdateInput,
  at: Instant,
): Promise<CouponRow> {
  if (!coupon) throw notFound('coupon');
  const isFixed = await wasApplied(trx, coupon.id);
  const { applies_to, ...sent } = isFixed ? editableAlways(input) : input;
  const wanted = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
  const isEndSent = sent.expiration !== undefined || sent.expiration_at !== undefined;
  const terms = { ...coupon, ...wanted } as CouponRow;
  await refuse(trx, validateTerms(terms, { at, isEndSent }), terms.code === coupon.code ? undefined : terms.code);

  const targets = await readTargets(trx, applies_to);
  if (targets) await replaceCouponTargets(trx, coupon.id, targets);
  return updateCoupon(trx, coupon.id, { ...columnsOf(keptTerms(terms)), ...(targets && limitsOf(targets)) }, at);
}

async function refuse(trx: Transaction, details: Record<string, string[]>, newCode: string | undefined): Promise<void> {
  if (newCode !== undefined && (await findCoupon(trx, newCode))) details['code'] = ['value_already_exist'];
  if (Object.keys(details).length > 0) throw invalid(details);
}

function editableAlways({ name, description, expiration, expiration_at }: CouponUpdateInput): CouponUpdateInput {
  return { name, description, expiration, expiration_at };
}

function columnsOf({
  id: _id,
  organization_id: _organization,
  created_at: _created,
  updated_at: _updated,
  deleted_at: _deleted,
  ...fields
}: CouponRow): CouponFields {
  return fields;
}

interface Targets {
  readonly plan_ids: readonly string[];
  readonly billable_metric_ids: readonly string[];
}

const NO_TARGETS: Targets = { plan_ids: [], billable_metric_ids: [] };

function limitsOf({ plan_ids, billable_metric_ids }: Targets) {
  return { limited_plans: plan_ids.length > 0, limited_billable_metrics: billable_metric_ids.length > 0 };
}

/**
 * Undefined where nothing is said of them. A list replaces those of the other kind too.
 * @throws `plans_not_found`, `billable_metrics_not_found`, or that only one kind is allowed
 */
async function readTargets(
  trx: Transaction,
  applies_to: CouponCreateInput['applies_to'],
): Promise<Targets | undefined> {
  if (!applies_to?.plan_codes && !applies_to?.billable_metric_codes) return undefined;
  const plans = [...new Set(applies_to.plan_codes ?? [])];
  const metrics = [...new Set(applies_to.billable_metric_codes ?? [])];
  if (plans.length > 0 && metrics.length > 0) throw notAllowed('only_one_limitation_type_per_coupon_allowed');
  const plan_ids = await findTargets(trx, 'plans', plans);
  if (plan_ids.length < plans.length) throw notFound('plans');
  const billable_metric_ids = await findTargets(trx, 'billable_metrics', metrics);
  if (billable_metric_ids.length < metrics.length) throw notFound('billable_metrics');
  return { plan_ids, billable_metric_ids };
}
