import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { INDEXED_VALUE_TYPE_KEYWORD: KEYWORD, INDEXED_VALUE_TYPE_DATETIME: DATETIME } =
  proto.temporal.api.enums.v1.IndexedValueType;

/** By what operators find workflows: see workflows/shared/search-attributes.ts. */
export const searchAttributes = {
  OrganizationId: KEYWORD,
  CustomerId: KEYWORD,
  PlanCode: KEYWORD,
  SubscriptionStatus: KEYWORD,
  Step: KEYWORD,
  NextDueAt: DATETIME,
};

/** Registers what is missing. A server that lets nobody do that (Temporal Cloud) must have been given them by its own tools. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes = {} } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes));
  if (missing.length > 0)
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
}
