import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';

/** Several times in each `heartbeatTimeout` of the workflows, which are 10 seconds and more. */
const BEAT_MS = 2_000;
/** What an activity that was told to end may take to do so in good order. */
const PATIENCE_MS = 2_000;

/**
 * Tells Temporal that a worker is still at an activity, whatever the activity does. When it falls silent because the worker was killed, another one
 * begins the activity anew: soon, and however long it is allowed to take. A worker that stops gives up what it cannot finish, for the same to happen.
 */
export function heartbeat(context: Context): ActivityInterceptors {
  const inbound: ActivityInboundCallsInterceptor = {
    async execute(input, next) {
      const beat = setInterval(() => context.heartbeat(), BEAT_MS);
      const cancelled = context.cancelled.catch(async (reason: unknown) => {
        await sleep(PATIENCE_MS);
        throw reason;
      });
      try {
        return await Promise.race([next(input), cancelled]);
      } finally {
        clearInterval(beat);
      }
    },
  };
  return { inbound };
}
