import { makeContinueAsNewFunc, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Step } from '../../activities/shared/step.ts';
import { type ClockMode, WorkflowClock } from './clock.ts';
import { Doorbell } from './doorbell.ts';
import { searchAttributes } from './search-attributes.ts';

export interface LongLivedInput<Kind extends string> {
  readonly clock: ClockMode;
  /** Known when this run continues another; asked for otherwise. */
  readonly step?: Step<Kind>;
}

export interface LongLivedActivities<Kind extends string> {
  /** Reads the facts and names what is next. `at` is absent in a sandbox, whose clock is a row. */
  plan(at: string | undefined): Promise<Step<Kind>>;
  /** Takes a step whose instant has come, and names the one after it. */
  take(step: Step<Kind>): Promise<Step<Kind>>;
}

/**
 * The life of every workflow of ours: ask what is next, sleep until then or until rung, take the step, begin a fresh run.
 * A ring means that the plan may be out of date; it is never acted upon by itself.
 */
export async function live<Kind extends string, Input extends LongLivedInput<Kind>>(
  input: Input,
  activities: LongLivedActivities<Kind>,
): Promise<void> {
  const clock = new WorkflowClock(input.clock);
  const doorbell = new Doorbell();
  let shown = input.step;
  const plan = async (): Promise<Step<Kind>> => {
    await doorbell.answerAll();
    const step = await activities.plan(clock.now());
    if (step.kind !== 'over' && !isShownAlike(step, shown)) {
      upsertSearchAttributes(searchAttributes(step).getAll());
      shown = step;
    }
    return step;
  };

  let step = input.step ?? (await plan());
  while (step.kind !== 'over' || doorbell.isRinging()) {
    clock.observe(step.planned_at);
    if (step.kind === 'over' || (await clock.sleepUntil(step.due_at, doorbell, step.summary)) === 'rung') {
      step = await plan();
      continue;
    }
    step = await activities.take(step);

    // A fresh run after each step keeps histories to a page, and old code out of them. Its search attributes travel along, which costs nothing.
    if (step.kind !== 'over' && !doorbell.isRinging()) await continueAsNew({ ...input, step });
  }
}

/** Whether an operator would find both by the same search attributes. */
function isShownAlike(one: Step, other: Step | undefined): boolean {
  const shown = (step: Step): string =>
    JSON.stringify([step.kind, step.due_at, Object.entries(step.attributes).sort()]);
  return other !== undefined && shown(one) === shown(other);
}

async function continueAsNew<Kind extends string, Input extends LongLivedInput<Kind>>(
  input: Input & { step: Step<Kind> },
): Promise<never> {
  const next = makeContinueAsNewFunc<(input: Input) => Promise<void>>({
    workflowType: workflowInfo().workflowType,
    typedSearchAttributes: searchAttributes(input.step),
  });
  return next(input);
}
