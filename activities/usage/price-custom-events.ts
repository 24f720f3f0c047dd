import type { PriceOptions } from '../../billing/usage/in-advance.ts';
import type { CustomFailure, CustomState } from '../../billing/usage/custom.ts';
import { customFee, type CustomQueue, customQueues } from '../../billing/usage/custom-in-advance.ts';
import type { InstantFacts, InstantFee } from '../../billing/usage/instant-usage.ts';
import { type Carried, type CarriedBucket, customRun } from '../../billing/usage/measure-custom.ts';
import type { UsageEvent } from '../../billing/usage/reading.ts';
import { runCustomCode } from '../custom-code/run-custom-code.ts';

/** An event that the code of its metric could not price: it makes no fee. */
export interface FailedEvent {
  readonly event: UsageEvent;
  readonly message: string;
}

export interface CustomPrices {
  readonly fees: readonly InstantFee[];
  /** Where the next events go on. */
  readonly states: readonly CarriedBucket[];
  readonly failed: readonly FailedEvent[];
}

type Facts = Pick<InstantFacts, 'charge' | 'currency' | 'pricing_unit' | 'reading' | 'due'>;

/** Each event in its order, from where those before it have left off. What fails is left out, and the others go on without it. */
export async function priceCustomEvents(
  facts: Facts,
  carried: Carried,
  options: PriceOptions = {},
): Promise<CustomPrices> {
  const fees: InstantFee[] = [];
  const states: CarriedBucket[] = [];
  const failed: FailedEvent[] = [];
  for (const queue of customQueues(facts, carried)) {
    const { steps, failures } = await takeAll(facts, queue);
    for (const { event, before, after } of steps) fees.push(customFee(facts, queue, event, [before, after], options));
    failed.push(...failures);
    const state = steps.at(-1)?.after ?? queue.state;
    states.push({ filter_id: queue.filter?.id ?? null, grouped_by: queue.grouped_by, state });
  }
  return { fees, states, failed };
}

interface Step {
  readonly event: UsageEvent;
  readonly before: CustomState;
  readonly after: CustomState;
}

async function takeAll({ charge }: Facts, queue: CustomQueue): Promise<{ steps: Step[]; failures: FailedEvent[] }> {
  const steps: Step[] = [];
  const failures: FailedEvent[] = [];
  let waiting = queue.events;
  let at_once = waiting.length;
  while (waiting.length > 0) {
    const before = steps.at(-1)?.after ?? queue.state;
    const some = waiting.slice(0, at_once);
    const { states, failure } = await runCustomCode(customRun(charge, queue.filter, some, before));
    states.forEach((after, index) => steps.push({ event: some[index]!, before: states[index - 1] ?? before, after }));
    waiting = waiting.slice(states.length);
    if (!failure) continue;
    // Which of several broke a limit is not known: they are tried one by one from here on.
    if (failure.isLimit && some.length > 1) at_once = 1;
    else {
      const given_up = failuresOf(waiting, failure);
      failures.push(...given_up);
      waiting = waiting.slice(given_up.length);
    }
  }
  return { steps, failures };
}

/** What breaks a limit once would take as long for each of the others: none of them is tried any more. */
function failuresOf(waiting: readonly UsageEvent[], { message, isLimit }: CustomFailure): FailedEvent[] {
  return (isLimit ? waiting : waiting.slice(0, 1)).map((event) => ({ event, message }));
}
