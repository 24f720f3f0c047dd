/**
 * Plays the stories whose histories replay.test.ts guards, and writes down every run of their workflows. Before a change that alters the commands
 * of a running workflow, `node test/replay/record-history.ts`; what is there already is left as it is.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { wallNow } from '../../api/middleware/clock.ts';
import { playLiveStories, playSandboxStories } from './stories.ts';
import { HISTORIES, writeHistory } from './histories.ts';

type History = temporal.api.history.v1.IHistory;

/** From the first run of a workflow to its last. */
async function fetchRuns(client: Client, workflowId: string): Promise<History[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const runs: History[] = [];
  for (let run_id = raw.workflowExecutionInfo?.firstRunId; run_id;) {
    const history = await client.workflow.getHandle(workflowId, run_id).fetchHistory();
    runs.push(history);
    run_id = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** By what happened in it: the step that it took, what woke it before, how it ended. */
function nameRun({ events = [] }: History): string {
  const taken = (events ?? []).find((event) => event.activityTaskScheduledEventAttributes);
  const step = taken?.activityTaskScheduledEventAttributes?.activityType?.name;
  const isRung = (events ?? []).some((event) => event.workflowExecutionSignaledEventAttributes);
  const isTimed = (events ?? []).some((event) => event.timerFiredEventAttributes);
  const isOver = (events ?? []).some((event) => event.workflowExecutionCompletedEventAttributes);
  const isAsleep = !step && !isOver;
  return [isRung && 'rung', isTimed && 'timed', step && kebab(step), isAsleep && 'asleep', isOver && 'over']
    .filter((part) => part)
    .join('-');
}

/** Caught while a worker was at it: there is nothing to replay up to. */
function isInTheMiddle({ events }: History): boolean {
  const last = events?.at(-1);
  const isWaitedFor = last?.workflowTaskScheduledEventAttributes ?? last?.workflowTaskStartedEventAttributes;
  return Boolean(isWaitedFor ?? last?.workflowExecutionStartedEventAttributes);
}

async function record(client: Client, story: string, workflow_ids: readonly string[]): Promise<void> {
  const today = wallNow().slice(0, 10);
  for (const workflow_id of workflow_ids) {
    const [workflow = ''] = workflow_id.split('/');
    for (const run of await fetchRuns(client, workflow_id)) {
      if (isInTheMiddle(run)) continue;
      const file = join(HISTORIES, workflow, `${today}-${story}-${nameRun(run)}.json`);
      if (existsSync(file)) continue;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, writeHistory(run));
      console.log(file);
    }
  }
}

await playSandboxStories((client, ids) => record(client, 'sandbox', ids));
await playLiveStories((client, ids) => record(client, 'live', ids));
