import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Database } from '../../db/connection.ts';
import { EVENTS_A_MARK } from '../../db/events.ts';
import { countUsageMarks } from '../../db/usage-rollups.ts';
import { stopwatch } from './clock.ts';

/** What the layers below leave for the log. Route patterns, never paths: those carry ids that callers chose. */
export interface RequestState {
  route?: string;
  organization_id?: string;
}

/** What machines ask every few seconds. */
const probes = /^\/(health|metrics)/;

/** One line and one measurement a request, without personal data: no paths, queries, bodies, addresses. */
export function logRequests(log: Logger, metrics: Registry): Middleware<RequestState> {
  const durations = new Histogram({
    name: 'perennial_http_request_duration_seconds',
    help: 'Duration of requests, by route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  });
  const counts = new Counter({
    name: 'perennial_http_requests_total',
    help: 'Requests answered, by route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [metrics],
  });
  return async (context, next) => {
    const started = stopwatch();
    await next();
    const { route = 'unknown', organization_id } = context.state;
    const { method, status } = context;
    const duration_ms = stopwatch() - started;
    const labels = { method, route, status };
    durations.observe(labels, duration_ms / 1000);
    counts.inc(labels);
    const level = probes.test(route) ? 'debug' : 'info';
    log[level]({ method, route, status, duration_ms: Math.round(duration_ms * 10) / 10, organization_id }, 'request');
  };
}

/** What waits in the database for processes that may be away. */
export function measureBacklogs(db: Database, metrics: Registry): void {
  measureBacklog(metrics, {
    name: 'perennial_outbox_backlog',
    help: 'Rings not yet heard by their workflows.',
    count: async () =>
      (await db.raw<{ rows: { backlog: number }[] }>('select outbox_backlog() as backlog')).rows[0]?.backlog,
  });
  measureBacklog(metrics, {
    name: 'perennial_usage_events_backlog',
    help: 'Events not yet rolled up, roughly: they are read one by one.',
    count: async () => (await countUsageMarks(db)) * EVENTS_A_MARK,
  });
}

interface Backlog {
  readonly name: string;
  readonly help: string;
  count(): Promise<number | undefined>;
}

function measureBacklog(metrics: Registry, { name, help, count }: Backlog): void {
  new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      // Without a database the other metrics are still worth having.
      const backlog = await count().catch(() => undefined);
      if (backlog === undefined) this.reset();
      else this.set(backlog);
    },
  });
}
