import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Decimal } from '../../billing/money/decimal.ts';
import type { CustomOutcome, CustomRun, CustomState, RunCustomCode } from '../../billing/usage/custom.ts';
import type { RunAnswer, RunRequest } from './protocol.ts';

/** The isolate counts instructions; the clock stops only what it cannot count. */
const TIMEOUT_MS = 5_000;
const TIMEOUT_MS_PER_EVENT = 2;
const HEAP_MB = 128;

let thread: Worker | undefined;
let queue: Promise<unknown> = Promise.resolve();

/** Runs the code of a metric in a thread of its own, one run after the other; never rejects for what the code does. */
export const runCustomCode: RunCustomCode = (run) => {
  const mine = queue.then(() => runNow(run));
  queue = mine.catch(() => undefined);
  return mine;
};

/** What is wrong with the code, looked at without any event; undefined when it can be run. */
export async function findCodeProblem(code: string): Promise<string | undefined> {
  const state = { total_units: new Decimal(0), amount: new Decimal(0) };
  const { failure } = await runCustomCode({ code, custom_properties: {}, state, events: [] });
  return failure?.message;
}

async function runNow({ code, custom_properties, state, events }: CustomRun): Promise<CustomOutcome> {
  const answer = await ask({
    code,
    custom_properties: JSON.stringify(custom_properties),
    total_units: state.total_units.toFixed(),
    amount: state.amount.toFixed(),
    events,
  });
  const states: CustomState[] = [];
  let { amount } = state;
  for (const [total, own] of answer.results) {
    amount = amount.plus(own);
    states.push({ total_units: new Decimal(total), amount });
  }
  return { states, failure: answer.failure };
}

async function ask(request: RunRequest): Promise<RunAnswer> {
  const worker = (thread ??= start());
  const controller = new AbortController();
  const limit = TIMEOUT_MS + request.events.length * TIMEOUT_MS_PER_EVENT;
  const timer = setTimeout(() => controller.abort(), limit);
  // A process does not wait for idle threads; while one is at work it does.
  worker.ref();
  try {
    worker.postMessage(request);
    const [answer] = (await Promise.race([
      once(worker, 'message', { signal: controller.signal }),
      once(worker, 'exit', { signal: controller.signal }).then(() => [GONE]),
    ])) as [RunAnswer];
    if (answer.failure) stop(worker);
    return answer;
  } catch {
    stop(worker);
    return controller.signal.aborted ? TOO_LONG : GONE;
  } finally {
    clearTimeout(timer);
    controller.abort();
    worker.unref();
  }
}

const TOO_LONG: RunAnswer = { results: [], failure: { message: 'takes too long', isLimit: true } };
const GONE: RunAnswer = { results: [], failure: { message: 'stopped the interpreter', isLimit: true } };

function start(): Worker {
  const worker = new Worker(new URL('./isolate.ts', import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  worker.on('error', () => stop(worker));
  return worker;
}

/** What failed may have left anything behind: the next run gets a new thread. */
function stop(worker: Worker): void {
  if (thread === worker) thread = undefined;
  void worker.terminate();
}
