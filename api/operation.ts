import type { z } from 'zod';
import type { PermissionObject } from '../billing/auth/permissions.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { Transaction } from '../db/transaction.ts';
import type { OperationDeps } from './deps.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where a request came from. */
export interface Origin {
  readonly user_agent: string | null;
  readonly ip_address: string;
}

/** A request as an operation sees it: authenticated, parsed, and told what time it is. */
export interface CallWithoutTransaction<P, Q, B> {
  /** Now, by the clock of the organization. */
  readonly at: Instant;
  readonly organization_id: string;
  readonly sandbox: boolean;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly origin: Origin;
  readonly deps: OperationDeps;
}

export interface Call<P, Q, B> extends CallWithoutTransaction<P, Q, B> {
  readonly trx: Transaction;
}

interface Contract<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  /** Method and path below `/api/v1`: `GET /taxes/{code}`. */
  readonly op: `${Method} /${string}`;
  readonly tag: string;
  readonly summary: string;
  /** GET needs `read` on it, every other method `write`. */
  readonly object: PermissionObject;
  readonly params?: P;
  readonly query?: Q;
  /** Includes the root key: `z.object({ tax: … })`. */
  readonly body?: B;
  /** The body has no root key: what is missing in it is invalid, not a bad request. */
  readonly withoutRoot?: true;
  /** The body is a list: what is wrong with its items is told by their positions. */
  readonly errorsByPosition?: true;
  /** The body of the answer with status 200. */
  readonly answer: A;
  /** The statuses of errors besides 401 and 403. */
  readonly errors: readonly number[];
}

/** One operation of the API: the router, the OpenAPI document and the contract test are made from the list of them. */
export interface Operation extends Contract<z.ZodType, z.ZodType, z.ZodType, z.ZodType> {
  readonly method: Method;
  readonly path: string;
  readonly transaction: boolean;
  readonly handle: (call: Call<never, never, never>) => Promise<unknown>;
}

type Nothing = Record<string, never>;
type Parsed<T> = T extends z.ZodType ? z.output<T> : Nothing;

/**
 * Defines an operation whose `handle` runs in one transaction bound to the organization, again if the transaction
 * loses against another. With `transaction: false` it runs without one.
 *
 * @example
 * operation({
 *   op: 'GET /taxes/{code}', tag: 'taxes', summary: 'Retrieve a tax', object: 'tax',
 *   params: z.object({ code: z.string() }), answer: z.object({ tax: taxObject }), errors: [404],
 *   handle: async ({ trx, params }) => ({ tax: taxToWire(await findTax(trx, params.code)) }),
 * });
 */
export function operation<
  A extends z.ZodType,
  P extends z.ZodType = z.ZodType<Nothing>,
  Q extends z.ZodType = z.ZodType<Nothing>,
  B extends z.ZodType = z.ZodType<Nothing>,
>(
  definition: Contract<P, Q, B, A> & {
    readonly transaction: false;
    handle(call: CallWithoutTransaction<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<z.input<A>>;
  },
): Operation;
export function operation<
  A extends z.ZodType,
  P extends z.ZodType = z.ZodType<Nothing>,
  Q extends z.ZodType = z.ZodType<Nothing>,
  B extends z.ZodType = z.ZodType<Nothing>,
>(
  definition: Contract<P, Q, B, A> & {
    readonly transaction?: undefined;
    handle(call: Call<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<z.input<A>>;
  },
): Operation;
export function operation(
  definition: Contract<z.ZodType, z.ZodType, z.ZodType, z.ZodType> & {
    readonly transaction?: false | undefined;
    handle(call: never): Promise<unknown>;
  },
): Operation {
  const [method, path] = definition.op.split(' ') as [Method, string];
  return { ...definition, method, path, transaction: definition.transaction !== false } as unknown as Operation;
}
