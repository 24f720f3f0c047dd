import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenApiDocument } from '../../api/document.ts';

type Schema = Record<string, unknown>;

/** Holds answers against our own document. A field that it does not mention is a failure as well. */
export class AnswerValidator {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #document: OpenApiDocument;
  readonly #routes: readonly { method: string; path: string; pattern: RegExp }[];
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = close(document) as OpenApiDocument;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'document', ...this.#document });
    this.#routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method, path, pattern: toPattern(path) })),
    );
  }

  /** Paths that are no operation of the document are left alone. */
  validate(method: string, path: string, status: number, body: unknown): void {
    const [bare = ''] = path.split('?');
    const routes = this.#routes.filter((route) => route.method === method.toLowerCase() && route.pattern.test(bare));
    // `/billable_metrics/evaluate_expression` before `/billable_metrics/{code}`.
    const route = routes.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
    if (!route) return;
    const name = `${route.method.toUpperCase()} ${route.path} answering ${status}`;
    const validator = this.#validatorOf(route, status);
    assert(validator, `${name} is not in the document`);
    const isValid = validator(body);
    assert(
      isValid,
      `${name}: ${this.#ajv.errorsText(validator.errors, { dataVar: 'body' })}\n${JSON.stringify(body, null, 1)}`,
    );
  }

  #validatorOf({ method, path }: { method: string; path: string }, status: number): ValidateFunction | undefined {
    // Whatever the operation, the database may be away.
    if (status === 503) return this.#ajv.getSchema('document#/components/schemas/Error');
    if (!this.#document.paths[path]?.[method]?.responses[status]) return undefined;
    const key = `${method} ${path} ${status}`;
    let validator = this.#validators.get(key);
    if (!validator) {
      const segments = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
      const pointer = segments.map((segment) =>
        encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1')),
      );
      validator = this.#ajv.compile({ $ref: `document#/${pointer.join('/')}` });
      this.#validators.set(key, validator);
    }
    return validator;
  }
}

function toPattern(path: string): RegExp {
  const escaped = path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** Objects whose fields are listed have no others. */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, close(inner)])) as Schema;
  const isListed = schema['type'] === 'object' && 'properties' in schema && !('additionalProperties' in schema);
  return isListed ? { ...schema, additionalProperties: false } : schema;
}
