import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLevel, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { type BrowserOptions, createBrowser } from '../activities/documents/browser.ts';
import { createMailer } from '../activities/mail/mailer.ts';
import { Listener } from '../db/listener.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { findChromium } from './embedded/chromium.ts';
import { runProcess } from './process.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { StartError } from './start-error.ts';
import { connectToTemporal } from './temporal.ts';
import { createWorkers } from './workers.ts';

const LET_GO_MS = 1_000;

await runProcess('worker', async (config, log) => {
  logThrough(log);
  const chromium = lookForChromium(config, log);
  // Looked at further down; whatever else is wrong is said first.
  chromium.catch(() => undefined);
  const db = await openDatabase(config, 'perennial-worker');
  const { client_connection, connection } = await connectToTemporal(config);
  const { namespace } = config.temporal;
  await ensureSearchAttributes(client_connection, namespace);
  const listener = new Listener(config.database.app_url!);
  const browser = createBrowser({ log, findChromium: await chromium });
  const workers = await createWorkers({
    db,
    log,
    listener,
    browser,
    namespace,
    connection,
    client_connection,
    settings: {
      api_url: config.api.url,
      secret: config.secret,
      webhooks: { ...config.webhooks, private_key: config.webhook_private_key },
      vies_url: config.vies_url,
      termination_alert_days: config.termination_alert_days,
    },
    mailer: config.mail && createMailer(config.mail),
    wallClock: () => new Date().toISOString(),
    cache_dir: join(config.data_dir, 'cache'),
  });
  await listener.start();
  const metrics = await serveMetrics(config);
  const running = workers.run();
  log.info({ namespace }, 'working');
  return {
    async stop() {
      workers.shutdown();
      await running;
      metrics?.close();
      await browser.close();
      await listener.stop();
      await connection.close();
      await client_connection.close();
      // Transactions that hang were given up with their activities: Postgres undoes them when this process has gone.
      await Promise.race([db.destroy(), sleep(LET_GO_MS)]);
    },
  };
});

/** Without a browser there are no invoices to send: said at the start, not when the first one is due. Later it is looked for anew. */
async function lookForChromium(config: Config, log: Logger): Promise<BrowserOptions['findChromium']> {
  const search: BrowserOptions['findChromium'] = ({ signal }) =>
    findChromium({ log, env: { ...process.env, DATA_DIR: config.data_dir }, signal });
  let found: Awaited<ReturnType<typeof search>> | undefined;
  try {
    found = await search({ signal: new AbortController().signal });
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
  return async (options) => {
    const first = found ?? (await search(options));
    found = undefined;
    return first;
  };
}

/** What the SDK has to say goes where everything else does. */
function logThrough(log: Logger): void {
  const levels: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'debug',
    WARN: 'warn',
    ERROR: 'error',
  };
  const say = (level: LogLevel, message: string, details?: object): void => {
    // Two of the three queues are for activities alone, by design.
    if (!message.startsWith('No workflows registered')) log[levels[level]](details ?? {}, message);
  };
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: say,
      trace: (message, details) => say('TRACE', message, details),
      debug: (message, details) => say('DEBUG', message, details),
      info: (message, details) => say('INFO', message, details),
      warn: (message, details) => say('WARN', message, details),
      error: (message, details) => say('ERROR', message, details),
    },
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}

/** Prometheus metrics of this process, where a port for them is configured. */
async function serveMetrics({ worker, api }: Config) {
  if (worker.metrics_port === undefined) return undefined;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = createServer((_, response) => {
    void registry.metrics().then((text) => response.setHeader('content-type', registry.contentType).end(text));
  });
  server.listen(worker.metrics_port, api.host);
  await once(server, 'listening');
  return server;
}
