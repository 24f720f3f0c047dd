import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributePair,
  TypedSearchAttributes,
} from '@temporalio/common';
import type { Step } from '../../activities/shared/step.ts';

const organizationId = defineSearchAttributeKey('OrganizationId', SearchAttributeType.KEYWORD);
const customerId = defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD);
const planCode = defineSearchAttributeKey('PlanCode', SearchAttributeType.KEYWORD);
const subscriptionStatus = defineSearchAttributeKey('SubscriptionStatus', SearchAttributeType.KEYWORD);
const stepKind = defineSearchAttributeKey('Step', SearchAttributeType.KEYWORD);
const nextDueAt = defineSearchAttributeKey('NextDueAt', SearchAttributeType.DATETIME);

/** By what an operator finds a workflow: organization, customer, plan, status, what it does next and when. */
export function searchAttributes({ kind, due_at, attributes }: Step): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: organizationId, value: attributes.organization_id },
    { key: stepKind, value: kind },
  ];
  if (attributes.customer_id !== null) pairs.push({ key: customerId, value: attributes.customer_id });
  if (attributes.plan_code !== null) pairs.push({ key: planCode, value: attributes.plan_code });
  if (attributes.subscription_status !== null)
    pairs.push({ key: subscriptionStatus, value: attributes.subscription_status });
  if (due_at !== null) pairs.push({ key: nextDueAt, value: new Date(due_at) });
  return new TypedSearchAttributes(pairs);
}
