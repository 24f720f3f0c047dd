import { bodyParser as koaBodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { badRequest, invalid, notFound } from '../../billing/errors.ts';
import { codeOfIssue, detailsByPosition, detailsOf } from '../contracts/fields.ts';
import type { Operation } from '../operation.ts';

/** A hundred events with 40 kB of properties each. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

const readIntoContext = koaBodyParser({
  enableTypes: ['json'],
  // Whatever its content type says it is.
  detectJSON: () => true,
  parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  jsonLimit: BODY_BYTES_MAX,
  onError(error) {
    throw error;
  },
}) as unknown as Middleware;

const nothing = (): Promise<void> => Promise.resolve();

/** A JSON body; undefined without one. */
export async function readBody(context: Pick<Context, 'request'>): Promise<unknown> {
  await readIntoContext(context as Context, nothing);
  return context.request.body;
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** How an operation's requests are checked. Made once, so that a request only runs it. */
export function inputParser({
  params: paramsSchema,
  query: querySchema,
  body: bodySchema,
  withoutRoot,
  errorsByPosition,
}: Operation): (params: Record<string, string>, query: object, body: unknown) => Input {
  const parseBody =
    bodySchema &&
    (errorsByPosition || withoutRoot
      ? rootlessParser(bodySchema, errorsByPosition ? detailsByPosition : detailsOf)
      : bodyParser(bodySchema));
  return (params, query, body) => ({
    params: paramsSchema ? parseParams(paramsSchema, params) : {},
    query: querySchema ? parse(querySchema, { ...query }) : {},
    body: parseBody ? parseBody(body) : {},
  });
}

/** Checks bodies: first that the mandatory root keys are there, then what is in them. */
export function bodyParser<T extends z.ZodType>(schema: T): (body: unknown) => z.output<T> {
  const roots = schema instanceof z.ZodObject ? mandatoryKeys(schema) : [];
  return (body) => {
    for (const root of roots)
      if (isEmpty((body as Record<string, unknown> | null | undefined)?.[root]))
        throw badRequest(`param is missing or the value is empty or invalid: ${root}`);
    return parse(schema, body ?? {});
  };
}

/** A missing list is an empty one: its contract says what is wrong with that. The same goes for fields without a root key. */
function rootlessParser(schema: z.ZodType, describe: typeof detailsOf): (body: unknown) => unknown {
  return (body) => parse(schema, body ?? {}, describe);
}

function mandatoryKeys(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, field]) => !(field as z.ZodType).safeParse(undefined).success)
    .map(([key]) => key);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;
}

function parse<T extends z.ZodType>(schema: T, input: unknown, describe = detailsOf): z.output<T> {
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
