import type { OpenApiDocument } from '../../api/document.ts';

/** `'string|null:date-time'`, `'string = a | b'`, `'@TypeName'`; a list by its element; an object by its fields, `*` after those that are always there. */
export type Fact = string | readonly Fact[] | { readonly [field: string]: Fact };

export interface OperationFacts {
  /** `query:page` or `path:code*`. */
  readonly parameters?: Readonly<Record<string, Fact>>;
  readonly body?: Fact;
  readonly answer?: Fact;
  readonly errors: readonly number[];
}

export interface Surface {
  readonly operations: Readonly<Record<string, OperationFacts>>;
  readonly types: Readonly<Record<string, Fact>>;
  /** Operations and fields (`Type.field`) that are not built yet, and the feature they belong to. */
  readonly later: Readonly<Record<string, string>>;
  /** Where we differ on purpose, and why. */
  readonly ours: Readonly<Record<string, string>>;
}

/** Where something is missing or differs: `Type.field`, or `METHOD /path place`. */
export interface Difference {
  readonly path: string;
  readonly what: string;
}

interface Shape {
  readonly types: ReadonlySet<string>;
  readonly values: ReadonlySet<string> | undefined;
  readonly format: string | undefined;
  readonly properties: Readonly<Record<string, Schema>> | undefined;
  readonly required: ReadonlySet<string>;
  readonly items: Schema | undefined;
}

type Schema = Readonly<Record<string, unknown>>;
type Direction = 'input' | 'answer';

const DATES = new Set(['date', 'date-time', 'uuid']);

/** Holds our document against the facts of one operation. */
export function compareOperation(
  op: string,
  facts: OperationFacts,
  surface: Surface,
  document: OpenApiDocument,
): Difference[] {
  const [method = '', path = ''] = op.split(' ');
  const ours = document.paths[`/api/v1${path}`]?.[method.toLowerCase()];
  if (!ours) return [{ path: op, what: 'is missing' }];

  const comparison = new Comparison(surface, document);
  for (const [name, fact] of Object.entries(facts.parameters ?? {})) {
    const [place, parameter] = name.replace(/\*$/, '').split(/:(.*)/s);
    const found = ours.parameters.find((one) => one.in === place && one.name === parameter);
    const at = `${op} ${place}:${parameter}`;
    if (!found) comparison.add(at, 'is missing');
    else comparison.compare(at, fact, found.schema, 'input');
    if (found?.required === true && !name.endsWith('*')) comparison.add(at, 'is required');
  }
  const body = ours.requestBody?.content['application/json'].schema;
  const answer = ours.responses['200']?.content['application/json'].schema;
  for (const [place, fact, schema, direction] of [
    ['body', facts.body, body, 'input'],
    ['answer', facts.answer, answer, 'answer'],
  ] as const)
    if (fact !== undefined && schema) comparison.compare(`${op} ${place}`, fact, schema, direction);
    else if (fact !== undefined) comparison.add(`${op} ${place}`, 'is missing');
  for (const status of facts.errors) if (!ours.responses[status]) comparison.add(`${op} ${status}`, 'is missing');
  return comparison.differences;
}

class Comparison {
  readonly differences: Difference[] = [];
  readonly #surface: Surface;
  readonly #document: OpenApiDocument;
  readonly #done = new Set<string>();

  constructor(surface: Surface, document: OpenApiDocument) {
    this.#surface = surface;
    this.#document = document;
  }

  add(path: string, what: string): void {
    this.differences.push({ path, what });
  }

  compare(path: string, fact: Fact, schema: Schema, direction: Direction): void {
    if (typeof fact === 'string' && fact.startsWith('@')) {
      const name = fact.slice(1);
      const key = `${name} ${JSON.stringify(schema)} ${direction}`;
      const known = this.#surface.types[name];
      if (known === undefined) this.add(path, `refers to ${name}, of which there are no facts`);
      else if (!this.#done.has(key)) {
        this.#done.add(key);
        this.compare(name, known, schema, direction);
      }
      return;
    }
    const shape = this.#shapeOf(schema);
    if (typeof fact === 'string') this.#compareValue(path, fact, shape, direction);
    else if (isList(fact)) this.#compareList(path, fact, shape, direction);
    else if ('one of' in fact)
      for (const one of fact['one of'] as readonly Fact[]) this.#compareValue(path, one as string, shape, 'input');
    else this.#compareFields(path, fact, shape, direction);
  }

  #compareValue(path: string, fact: string, shape: Shape, direction: Direction): void {
    const [type = '', listed] = fact.split(' = ');
    const [names = '', format] = type.split(':');
    const types = new Set(names.split('|'));
    const isKnown = (a: string, b: ReadonlySet<string>): boolean => b.has(a) || (a === 'integer' && b.has('number'));
    const unlike =
      direction === 'answer'
        ? [...shape.types].filter((one) => one !== 'null' && !isKnown(one, types))
        : [...types].filter((one) => one !== '' && !isKnown(one, shape.types));
    if (unlike.length > 0) this.add(path, `is ${[...shape.types].join('|')}, not ${names}`);
    if (
      format !== undefined &&
      DATES.has(format) &&
      direction === 'answer' &&
      shape.format !== format &&
      !isOnlyNull(shape)
    )
      this.add(path, `has the format ${shape.format}, not ${format}`);
    if (listed !== undefined) this.#compareEnum(path, new Set(listed.split(' | ')), shape, direction);
  }

  #compareEnum(path: string, values: ReadonlySet<string>, shape: Shape, direction: Direction): void {
    if (isOnlyNull(shape)) return;
    if (!shape.values) {
      if (direction === 'answer') this.add(path, `is not one of ${[...values].join(', ')}`);
      return;
    }
    const [asked, allowed] = direction === 'answer' ? [shape.values, values] : [values, shape.values];
    const unlike = [...asked].filter((value) => value !== 'null' && !allowed.has(value));
    const verb = direction === 'answer' ? 'may be' : 'may not be';
    if (unlike.length > 0) this.add(path, `${verb} ${unlike.join(', ')}`);
  }

  #compareList(path: string, [fact]: readonly Fact[], shape: Shape, direction: Direction): void {
    if (!shape.types.has('array') || !shape.items) this.add(path, 'is no list');
    else if (fact !== undefined) this.compare(`${path}[]`, fact, shape.items, direction);
  }

  #compareFields(path: string, fields: Readonly<Record<string, Fact>>, shape: Shape, direction: Direction): void {
    if (!shape.properties && Object.keys(fields).length > 0) {
      this.add(path, 'has no fields');
      return;
    }
    for (const [key, fact] of Object.entries(fields)) {
      const name = key.replace(/\*$/, '');
      const at = `${path}.${name}`;
      const field = shape.properties?.[name];
      if (field) this.compare(at, fact, field, direction);
      else this.add(at, 'is missing');
      if (!field) continue;
      const [theirs, ours] = [key.endsWith('*'), shape.required.has(name)];
      if (theirs && !ours) this.add(at, 'is not required');
      if (ours && !theirs && direction === 'input') this.add(at, 'is required');
    }
  }

  /** What a schema says, its variants and references put together. */
  #shapeOf(schema: Schema): Shape {
    const variants = this.#variantsOf(schema);
    const all = <T>(pick: (one: Schema) => readonly T[]): Set<T> => new Set(variants.flatMap(pick));
    const values = variants.every((one) => 'enum' in one || 'const' in one || one['type'] === 'null')
      ? all((one) => ((one['enum'] as unknown[] | undefined) ?? ('const' in one ? [one['const']] : [])).map(String))
      : undefined;
    const objects = variants.filter((one) => 'properties' in one);
    const types = all((one) => [typeOf(one)].flat());
    return {
      types,
      values: values && values.size > 0 ? values : undefined,
      format: variants.map((one) => one['format']).find((format) => format !== undefined) as string | undefined,
      properties: objects.length === 0 ? undefined : Object.assign({}, ...objects.map((one) => one['properties'])),
      required: all((one) => (one['required'] as string[] | undefined) ?? []),
      items: variants.map((one) => one['items']).find((items) => items !== undefined) as Schema | undefined,
    };
  }

  #variantsOf(schema: Schema): Schema[] {
    const { $ref, anyOf, oneOf } = schema;
    if (typeof $ref === 'string')
      return this.#variantsOf(this.#document.components.schemas[$ref.split('/').at(-1) as string]!);
    const variants = (anyOf ?? oneOf) as Schema[] | undefined;
    return variants ? variants.flatMap((variant) => this.#variantsOf(variant)) : [schema];
  }
}

const anything = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

function typeOf(schema: Schema): string | string[] {
  const type = schema['type'] as string | string[] | undefined;
  return type ?? ('const' in schema ? typeof schema['const'] : anything);
}

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);
const isOnlyNull = (shape: Shape): boolean => shape.types.size === 1 && shape.types.has('null');
