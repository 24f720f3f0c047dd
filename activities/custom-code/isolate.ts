import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { getQuickJS, type QuickJSContext, type QuickJSHandle, type QuickJSRuntime } from 'quickjs-emscripten';
import type { RunAnswer, RunRequest } from './protocol.ts';

// Runs in a thread of its own: whatever code does to the interpreter, the process goes on. Limits are counted and not timed, so that the same code on
// the same events comes to the same end everywhere; the main thread's clock is the last resort.

const MEMORY_BYTES = 16 * 1024 * 1024;
const STACK_BYTES = 256 * 1024;
/** So many events are given at a time, and their instructions counted together. */
const EVENTS_AT_ONCE = 100;
/** The interpreter asks after every ten thousand instructions or so: a few tenths of a second. */
const LOOKS_MAX = 2_000;

/** All that there is: no clock, no chance, nothing of the world. */
const INTRINSICS = {
  BaseObjects: true,
  Date: false,
  Eval: true,
  StringNormalize: true,
  RegExp: true,
  JSON: true,
  Proxy: true,
  MapSet: true,
  TypedArrays: true,
  Promise: false,
  BigInt: true,
} as const;

/** Made before the code is, which so cannot take away what this needs. Numbers are read to the 15 digits that they are sure of. */
const DRIVER = `(() => {
  const { parse, stringify } = JSON;
  const { isFinite } = Number;
  delete Math.random;
  const exact = (number) => String(Number(number.toPrecision(15)));
  const textOf = (value, name) => {
    if (typeof value === 'number' && isFinite(value)) return exact(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'object' && value !== null && typeof value.toFixed === 'function') return String(value.toFixed());
    if (typeof value === 'string') return value;
    throw new TypeError('aggregate returns no ' + name);
  };
  return (aggregate, events, total_units, amount, custom_properties) => {
    const properties = parse(custom_properties);
    const results = [];
    let units = Number(total_units);
    let sum = Number(amount);
    for (const event of parse(events)) {
      try {
        const result = aggregate(event, { total_units: units, amount: sum }, properties);
        if (typeof result !== 'object' || result === null) throw new TypeError('aggregate returns no object');
        const own = textOf(result.amount === undefined ? 0 : result.amount, 'amount');
        const total = textOf(result.total_units, 'total_units');
        results.push([total, own]);
        units = Number(total);
        sum = Number(exact(sum + Number(own)));
      } catch (error) {
        return stringify({ results, message: String(error instanceof Error ? error.name + ': ' + error.message : error) });
      }
    }
    return stringify({ results });
  };
})()`;

const DECIMAL_TEXT = /^-?\d{1,60}(\.\d{1,60})?(e[+-]?\d{1,2})?$/i;
const MESSAGE_LENGTH_MAX = 500;

let decimalLibrary: string | undefined;

function readDecimalLibrary(): string {
  return (decimalLibrary ??= readFileSync(createRequire(import.meta.url).resolve('decimal.js'), 'utf8'));
}

/** Code may have done anything to what it was given: only what reads as decimals is taken. */
function readAnswer(text: string): RunAnswer {
  const { results, message } = JSON.parse(text) as { results: [unknown, unknown][]; message?: unknown };
  const wrong = results.findIndex((pair) => !pair.every((one) => typeof one === 'string' && DECIMAL_TEXT.test(one)));
  if (wrong >= 0)
    return {
      results: results.slice(0, wrong) as [string, string][],
      failure: { message: 'aggregate returns what is no number', isLimit: false },
    };
  const failure = typeof message === 'string' ? explain(message) : undefined;
  return { results: results as [string, string][], failure };
}

function explain(message: string): { message: string; isLimit: boolean } {
  if (message.includes('interrupted')) return { message: 'takes too long', isLimit: true };
  if (message.includes('out of memory')) return { message: 'needs too much memory', isLimit: true };
  return { message: message.slice(0, MESSAGE_LENGTH_MAX), isLimit: false };
}

/** One run of one piece of code: nothing is left of it afterwards. */
class Isolate {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  #looks = 0;

  constructor(runtime: QuickJSRuntime) {
    this.#runtime = runtime;
    runtime.setMemoryLimit(MEMORY_BYTES);
    runtime.setMaxStackSize(STACK_BYTES);
    runtime.setInterruptHandler(() => ++this.#looks > LOOKS_MAX);
    this.#context = runtime.newContext({ intrinsics: INTRINSICS });
  }

  run({ code, events, custom_properties, ...state }: RunRequest): RunAnswer {
    const driver = this.#evaluate(DRIVER);
    if (/\bDecimal\b/.test(code)) this.#evaluate(readDecimalLibrary()).dispose();
    this.#evaluate(code).dispose();
    const aggregate = this.#evaluate(`typeof aggregate === 'function' ? aggregate : undefined`);
    if (this.#context.typeof(aggregate) !== 'function') throw new Error('defines no function aggregate');

    const results: (readonly [string, string])[] = [];
    let { total_units, amount } = state;
    for (let start = 0; start < events.length; start += EVENTS_AT_ONCE) {
      const some = JSON.stringify(events.slice(start, start + EVENTS_AT_ONCE));
      const answer = this.#drive(driver, aggregate, [some, total_units, amount, custom_properties]);
      results.push(...answer.results);
      if (answer.failure) return { results, failure: answer.failure };
      total_units = results.at(-1)?.[0] ?? total_units;
      amount = answer.results.reduce((sum, [, own]) => sum + Number(own), Number(amount)).toPrecision(15);
    }
    return { results };
  }

  #evaluate(code: string): QuickJSHandle {
    this.#looks = 0;
    return this.#context.unwrapResult(this.#context.evalCode(code, 'aggregate.js', { strict: false }));
  }

  #drive(driver: QuickJSHandle, aggregate: QuickJSHandle, texts: readonly string[]): RunAnswer {
    this.#looks = 0;
    const handles = texts.map((text) => this.#context.newString(text));
    const called = this.#context.callFunction(driver, this.#context.undefined, aggregate, ...handles);
    return readAnswer(this.#context.getString(this.#context.unwrapResult(called)));
  }

  dispose(): void {
    this.#context.dispose();
    this.#runtime.dispose();
  }
}

async function answer(request: RunRequest): Promise<RunAnswer> {
  const quickjs = await getQuickJS();
  const isolate = new Isolate(quickjs.newRuntime());
  try {
    return isolate.run(request);
  } catch (error) {
    return {
      results: [],
      failure: explain(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    };
  }
}

parentPort?.on('message', (request: RunRequest) => {
  // One run a thread would be the cleanest; after one that failed the interpreter may be in any state, so the main thread starts another.
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
