import type { Operation } from '../operation.ts';
import { billableMetricOperations } from './billable-metrics.ts';
import { eventOperations } from './events.ts';
import { organizationOperations } from './organizations.ts';
import { sandboxOperations } from './sandbox.ts';
import { taxOperations } from './taxes.ts';
import { usageOperations } from './usage.ts';
import { webhookOperations } from './webhooks.ts';

/** Every operation below `/api/v1`. */
export const operations: readonly Operation[] = [
  ...organizationOperations,
  ...taxOperations,
  ...billableMetricOperations,
  ...eventOperations,
  ...usageOperations,
  ...webhookOperations,
  ...sandboxOperations,
];
