import type { Operation } from '../operation.ts';

/** Every operation below `/api/v1`. */
export const operations: readonly Operation[] = [];
