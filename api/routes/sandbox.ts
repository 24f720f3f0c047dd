import { z } from 'zod';
import { parseInstant, toWireSeconds } from '../../billing/clock/instant.ts';
import { conflict, invalid, notFound } from '../../billing/errors.ts';
import { enter } from '../../db/agenda.ts';
import { removeOrganization } from '../../db/organizations.ts';
import { ring } from '../../db/outbox.ts';
import { findSandboxClock, isSettled, lockSandboxClock, nextDueAt, setSandboxClock } from '../../db/sandbox-clocks.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import { operation, type Operation } from '../operation.ts';

/** `?wait=true` answers when idle, or after this long with the status then. */
const WAIT_MS = 30_000;
/** Notifications tell when something has settled; it looks by itself this often in case one was lost. */
const LOOK_AGAIN_MS = 250;

const clockObject = z
  .object({
    now: z.iso.datetime(),
    target: z.iso.datetime().nullable().describe('Where the clock is moving to; null when it stands still'),
    status: z.enum(['idle', 'working', 'advancing']),
    next_due_at: z.iso.datetime().nullable().describe('The earliest deadline of all workflows'),
  })
  .meta({ id: 'SandboxClockObject' });

const answer = z.object({ clock: clockObject });

async function readClock(trx: Transaction): Promise<z.infer<typeof clockObject>> {
  const clock = await findSandboxClock(trx);
  if (!clock) throw notFound('sandbox');
  const next_due_at = await nextDueAt(trx);
  const settled = (await isSettled(trx, clock.now_at)) ? 'idle' : 'working';
  return {
    now: toWireSeconds(clock.now_at),
    target: clock.target_at && toWireSeconds(clock.target_at),
    status: clock.target_at ? 'advancing' : settled,
    next_due_at: next_due_at && toWireSeconds(next_due_at),
  };
}

export const sandboxOperations: Operation[] = [
  operation({
    op: 'GET /sandbox/clock',
    tag: 'sandbox',
    summary: 'Where the clock of a sandbox organization stands',
    object: 'organization',
    query: z.object({
      wait: z.enum(['true', 'false']).optional().describe('Answer when idle, after 30 s at the latest'),
    }),
    answer,
    errors: [404],
    transaction: false,
    async handle({ organization_id, query, deps }) {
      const read = () => inOrganization(deps.db, organization_id, readClock);
      if (query.wait !== 'true') return { clock: await read() };
      const ends = [AbortSignal.timeout(WAIT_MS), deps.stopping].filter((one) => one !== undefined);
      const deadline = AbortSignal.any(ends);
      for (;;) {
        // Listens before it looks, so that what settles in between is not missed.
        const changed = deps.listener.next('agenda', (payload) => payload === organization_id, LOOK_AGAIN_MS);
        const clock = await read();
        if (clock.status === 'idle' || deadline.aborted) return { clock };
        await changed;
      }
    },
  }),
  operation({
    op: 'PUT /sandbox/clock',
    tag: 'sandbox',
    summary: 'Move the clock of a sandbox organization forwards',
    object: 'organization',
    body: z.object({ clock: z.object({ now: z.string({ error: 'value_is_mandatory' }) }) }),
    answer,
    errors: [400, 404, 409, 422],
    async handle({ trx, body }) {
      const target_at = parseInstant(body.clock.now);
      if (!target_at) throw invalid({ now: ['invalid_date'] });
      const clock = await lockSandboxClock(trx);
      if (!clock) throw notFound('sandbox');
      if (clock.target_at) throw conflict('clock_is_advancing');
      if (target_at < clock.now_at) throw invalid({ now: ['value_is_invalid'] });
      await setSandboxClock(trx, { target_at });
      await enter(trx, { workflow_id: `clock/${trx.organization_id}`, step: 'advance', due_at: null });
      await ring(trx, `clock/${trx.organization_id}`);
      return { clock: await readClock(trx) };
    },
  }),
  operation({
    op: 'DELETE /sandbox',
    tag: 'sandbox',
    summary: 'Remove a sandbox organization with everything in it',
    object: 'organization',
    answer: z.object({ organization: z.object({ lago_id: z.uuid() }) }),
    errors: [404],
    async handle({ trx }) {
      if (!(await lockSandboxClock(trx))) throw notFound('sandbox');
      await removeOrganization(trx);
      return { organization: { lago_id: trx.organization_id } };
    },
  }),
];
