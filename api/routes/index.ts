import type { Operation } from '../operation.ts';
import { sandboxOperations } from './sandbox.ts';
import { taxOperations } from './taxes.ts';

/** Every operation below `/api/v1`. */
export const operations: readonly Operation[] = [...taxOperations, ...sandboxOperations];
