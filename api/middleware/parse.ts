import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { badRequest, invalid, notFound } from '../../billing/errors.ts';
import { codeOfIssue, detailsByPosition, detailsOf } from '../contracts/fields.ts';
import type { Operation } from '../operation.ts';

/** A hundred events with 40 kB of properties each. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Reads a JSON body, whatever its content type says it is. */
export function readBody(): Middleware {
  return bodyParser({
    enableTypes: ['json'],
    detectJSON: () => true,
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    jsonLimit: BODY_BYTES_MAX,
    onError(error) {
      throw error;
    },
  });
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** How an operation's requests are checked. Made once, so that a request only runs it. */
export function inputParser(operation: Operation): (context: Context, params: Record<string, string>) => Input {
  const { params: paramsSchema, query: querySchema, body: bodySchema } = operation;
  const describeBody = operation.errorsByPosition ? detailsByPosition : detailsOf;
  const roots = bodySchema instanceof z.ZodObject ? mandatoryKeys(bodySchema) : [];
  return (context, params) => ({
    params: paramsSchema ? parseParams(paramsSchema, params) : {},
    query: querySchema ? parse(querySchema, { ...context.query }) : {},
    body: bodySchema ? parseBody(bodySchema, roots, context.request.body, describeBody) : {},
  });
}

function mandatoryKeys(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, field]) => !(field as z.ZodType).safeParse(undefined).success)
    .map(([key]) => key);
}

function parseBody(schema: z.ZodType, roots: readonly string[], body: unknown, describe: typeof detailsOf): unknown {
  for (const root of roots)
    if (isEmpty((body as Record<string, unknown> | undefined)?.[root]))
      throw badRequest(`param is missing or the value is empty or invalid: ${root}`);
  return parse(schema, body ?? {}, describe);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;
}

function parse(schema: z.ZodType, input: unknown, describe = detailsOf): unknown {
  const result = schema.safeParse(input, { error: codeOfIssue });
  if (!result.success) throw invalid(describe(result.error.issues));
  return result.data;
}

/** A path with something that cannot be an id or a code leads nowhere. */
function parseParams(schema: z.ZodType, params: Record<string, string>): unknown {
  const result = schema.safeParse(params);
  if (!result.success || Object.values(params).some((value) => value.includes('\u0000'))) throw notFound('resource');
  return result.data;
}
