/** By what operators find workflows (workflows/shared/search-attributes.ts). Every server must be told of them before the first workflow. */
export const searchAttributeTypes = {
  OrganizationId: 'Keyword',
  CustomerId: 'Keyword',
  PlanCode: 'Keyword',
  SubscriptionStatus: 'Keyword',
  Step: 'Keyword',
  NextDueAt: 'Datetime',
} as const;
