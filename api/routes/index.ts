import type { Operation } from '../operation.ts';
import { eventOperations } from './events.ts';
import { sandboxOperations } from './sandbox.ts';
import { taxOperations } from './taxes.ts';
import { webhookOperations } from './webhooks.ts';

/** Every operation below `/api/v1`. */
export const operations: readonly Operation[] = [...taxOperations, ...eventOperations, ...webhookOperations, ...sandboxOperations];
