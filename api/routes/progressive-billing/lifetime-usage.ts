import { z } from 'zod';
import { readLifetimeUsage } from '../../../activities/progressive-billing/running-usage.ts';
import { assert } from '../../../billing/assert.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import {
  lifetimeTotal,
  lifetimeUsageWire,
  thresholdProgress,
} from '../../../billing/progressive-billing/lifetime-usage.ts';
import { findAppliedThresholds, lifetimeUsageId, setHistoricalUsage } from '../../../db/lifetime-usages.ts';
import { readSubscriptionFacts } from '../../../db/subscription-facts.ts';
import { findSubscriptionByExternalId, type SubscriptionRow } from '../../../db/subscriptions.ts';
import { markForCheck } from '../../../db/threshold-checks.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { findApplicableThresholds } from '../../../db/usage-thresholds.ts';
import { id, text, wireInstant } from '../../contracts/fields.ts';
import { type Operation, operation } from '../../operation.ts';

const lifetimeUsageObject = z
  .object({
    lago_id: id,
    lago_subscription_id: id,
    external_subscription_id: z.string(),
    external_historical_usage_amount_cents: z.int(),
    invoiced_usage_amount_cents: z.int(),
    current_usage_amount_cents: z.int(),
    from_datetime: wireInstant,
    to_datetime: wireInstant,
    usage_thresholds: z
      .array(
        z
          .object({
            amount_cents: z.int(),
            completion_ratio: z.number(),
            reached_at: wireInstant.nullable(),
          })
          .meta({ id: 'LifetimeUsageThresholdObject' }),
      )
      .optional(),
  })
  .meta({ id: 'LifetimeUsageObject' });

const lifetimeUsageInput = z.object({
  lifetime_usage: z.object({
    external_historical_usage_amount_cents: z
      .int()
      .meta({ description: 'What was used before the engine came, in the smallest unit of the currency' }),
  }),
});

const params = z.object({ external_id: text });
const answer = z.object({ lifetime_usage: lifetimeUsageObject });

/** The active one, else that which was last: one that has not begun has used nothing. */
async function findUser(trx: Transaction, external_id: string): Promise<SubscriptionRow> {
  const found =
    (await findSubscriptionByExternalId(trx, external_id, 'active')) ??
    (await findSubscriptionByExternalId(trx, external_id, 'terminated'));
  if (!found) throw notFound('lifetime_usage');
  return found;
}

async function show(trx: Transaction, subscription: SubscriptionRow, at: Instant) {
  const [facts] = await readSubscriptionFacts(trx, [subscription.id]);
  assert(facts, 'lifetime usage: a subscription has its facts');
  const { usage } = await readLifetimeUsage(trx, facts, at);
  const thresholds = (await findApplicableThresholds(trx, [facts.id]))(facts.id);
  const applied = await findAppliedThresholds(trx, facts);
  const document = {
    id: lifetimeUsageId(facts),
    subscription: facts,
    usage,
    thresholds: thresholdProgress(thresholds, lifetimeTotal(usage), applied),
  };
  return { lifetime_usage: lifetimeUsageWire(document, at) };
}

export const lifetimeUsageOperations: Operation[] = [
  operation({
    op: 'GET /subscriptions/{external_id}/lifetime_usage',
    tag: 'subscriptions',
    summary: 'What a subscription has used in all its life, over changes of its plan',
    object: 'lifetime_usage',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, at, params }) => show(trx, await findUser(trx, params.external_id), at),
  }),
  operation({
    op: 'PUT /subscriptions/{external_id}/lifetime_usage',
    tag: 'subscriptions',
    summary: 'Set what was used before the engine came',
    object: 'lifetime_usage',
    params,
    body: lifetimeUsageInput,
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const subscription = await findUser(trx, params.external_id);
      const historical = body.lifetime_usage.external_historical_usage_amount_cents;
      if (historical < 0) throw invalid({ historical_usage_amount_cents: ['value_is_out_of_range'] });
      await setHistoricalUsage(trx, subscription, historical, at);
      await markForCheck(trx, { subscription_id: subscription.id }, at);
      return show(trx, subscription, at);
    },
  }),
];
