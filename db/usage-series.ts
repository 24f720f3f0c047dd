import { historyNeeded } from '../billing/usage/instant-usage.ts';
import { needsEvents } from '../billing/usage/measure.ts';
import { measuredCharge, questionOf } from './charge-usage.ts';
import { type ChargeFacts, readCharges } from './pricing-facts.ts';
import { type Transaction, rows } from './transaction.ts';
import { shapeOf } from './usage.ts';

/** Whose usage of which metric: events that are rolled up together. */
export interface UsageKey {
  readonly external_subscription_id: string;
  readonly code: string;
}

/** Makes the series that charges ask for, empty as yet, and removes those that none asks for any more. */
export async function chooseSeries(trx: Transaction, key: UsageKey): Promise<void> {
  const asked = new Map((await readQuestions(trx, key)).map((question) => [shapeOf(question), question]));
  const series = () => rows<{ shape: string }>(trx, 'usage_series').where({ ...key });
  const known = new Set(await series().pluck('shape'));
  const superfluous = [...known].filter((shape) => !asked.has(shape));
  if (superfluous.length > 0) await series().whereIn('shape', superfluous).delete();
  const missing = [...asked].filter(([shape]) => !known.has(shape));
  if (missing.length > 0)
    await trx('usage_series')
      .insert(
        missing.map(([shape, { aggregation_type, field_name, keys }]) => ({
          ...key,
          organization_id: trx.organization_id,
          shape,
          aggregation_type,
          field_name,
          keys: [...keys],
        })),
      )
      .onConflict()
      .ignore();
}

/** Of all subscriptions with the external id: those that ended have bills to come. */
async function readQuestions(trx: Transaction, { external_subscription_id, code }: UsageKey) {
  const plan_ids = (await rows(trx, 'subscriptions')
    .where({ external_id: external_subscription_id })
    .distinct()
    .pluck('plan_id')) as string[];
  const charges = await readCharges(trx, plan_ids);
  return charges
    .filter((charge) => charge.metric_code === code && isAddedUp(charge))
    .map((charge) => questionOf(charge));
}

/** Other prices depend on single events. */
function isAddedUp(charge: ChargeFacts): boolean {
  const measured = measuredCharge(charge);
  return !needsEvents(measured) || (charge.pay_in_advance && historyNeeded(measured) === 'cells');
}
