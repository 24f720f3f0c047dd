import { z } from 'zod';
import type { Operation } from './operation.ts';

type Schema = Record<string, unknown>;
interface JsonContent {
  readonly 'application/json': { readonly schema: Schema };
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
  readonly [key: string]: unknown;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: JsonContent };
  readonly responses: Record<string, { readonly description: string; readonly content: JsonContent }>;
  readonly [key: string]: unknown;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

const errorObject = z
  .object({
    status: z.int(),
    error: z.string(),
    code: z.string().optional(),
    error_details: z.unknown().optional(),
    message: z.string().optional().describe('For people: what exactly is wrong, where the codes leave it open'),
  })
  .meta({ id: 'Error' });

export interface DocumentOptions {
  readonly prefix: string;
  readonly api_url: string;
  readonly version: string;
}

/** The OpenAPI document: everything in it comes from the contracts that requests are checked with. */
export function describeOperations(
  operations: readonly Operation[],
  { prefix, api_url, version }: DocumentOptions,
): OpenApiDocument {
  const components: Record<string, Schema> = {};
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const operation of operations)
    (paths[prefix + operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation, components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Perennial',
      version,
      description: 'Usage-based billing. Wire-compatible with the clients of Lago.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: api_url }],
    security: [{ api_key: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: { api_key: { type: 'http', scheme: 'bearer', description: 'An API key of the organization' } },
    },
  } as OpenApiDocument;
}

function describe(operation: Operation, components: Record<string, Schema>): OpenApiOperation {
  const { method, path, tag, summary, params, query, body, answer, errors } = operation;
  const error = { description: 'Error', content: json(toSchema(errorObject, components)) };
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/\/\{?(\w)(\w*)\}?/g, (_, a: string, b: string) => a.toUpperCase() + b)}`,
    tags: [tag],
    summary,
    parameters: [...parametersOf(params, 'path', components), ...parametersOf(query, 'query', components)],
    ...(body && { requestBody: { required: isMandatory(body), content: json(toSchema(body, components)) } }),
    responses: {
      200: { description: 'Success', content: json(toSchema(answer, components)) },
      ...Object.fromEntries(
        [...new Set([...errors, ...(body ? [413] : []), 401, 403])].sort().map((status) => [status, error]),
      ),
    },
  };
}

const json = (schema: Schema): JsonContent => ({ 'application/json': { schema } });

const isMandatory = (schema: z.ZodType): boolean => !schema.safeParse({}).success;

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  components: Record<string, Schema>,
): OpenApiParameter[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
    schema: toSchema(field as z.ZodType, components),
  }));
}

const DEFS = '#/$defs/';

/** Schemas with a `meta({ id })` become components. */
function toSchema(type: z.ZodType, components: Record<string, Schema>): Schema {
  const { $defs, $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Schema>))
    components[name] = pointToComponents(definition);
  const { id } = schema;
  if (typeof id !== 'string') return pointToComponents(schema);
  components[id] = pointToComponents(schema);
  return { $ref: `#/components/schemas/${id}` };
}

function pointToComponents(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema), function (this: Schema, key: string, value: unknown) {
    if (key === '$ref' && typeof value === 'string' && value.startsWith(DEFS))
      return `#/components/schemas/${value.slice(DEFS.length)}`;
    // What zod adds of its own: the names of components, and bounds of JavaScript's integers.
    if (key === 'id' && typeof value === 'string' && this['type'] === 'object') return undefined;
    if ((key === 'minimum' || key === 'maximum') && Math.abs(value as number) === Number.MAX_SAFE_INTEGER)
      return undefined;
    if (key === 'pattern' && this['format'] === 'uuid') return undefined;
    return value;
  }) as Schema;
}
