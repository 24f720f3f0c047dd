import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createApp } from '../api/app.ts';
import type { Database } from '../db/connection.ts';
import { Listener } from '../db/listener.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { runProcess } from './process.ts';
import { StartError } from './start-error.ts';
import { version } from './version.ts';

const READY_CHECK_MS = 2_000;
/** Whoever asks would rather hear that it does not work now than wait. */
const STATEMENT_MS = 15_000;

await runProcess('api', async (config, log) => {
  const db = await openDatabase(config, 'perennial-api', { statement_timeout_ms: STATEMENT_MS });
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const listener = new Listener(config.database.app_url!);
  const launched = followLauncher();
  const stopping = new AbortController();
  const app = createApp({
    db,
    log,
    metrics,
    listener,
    settings: {
      api_url: config.api.url,
      secret: config.secret,
      admin_api_key: config.admin_api_key,
      webhook_private_key: config.webhook_private_key,
      version,
    },
    isReady: async () => ({ database: await answers(db), ...launched }),
    stopping: stopping.signal,
  });
  await listener.start();
  const server = createServer(app.callback());
  await listen(server, config.api);
  log.info({ url: config.api.url, version }, 'serving');
  return {
    async stop() {
      stopping.abort();
      server.close();
      await once(server, 'close');
      await listener.stop();
      await db.destroy();
    },
  };
});

/** Under the launcher, the whole is ready when the workers are too: it says so. Elsewhere each process is asked for itself. */
function followLauncher(): { workers?: boolean } {
  const launched: { workers?: boolean } = process.send ? { workers: false } : {};
  process.on('message', (message: { workers?: boolean }) => {
    if (typeof message.workers === 'boolean') launched.workers = message.workers;
  });
  return launched;
}

async function answers(db: Database): Promise<boolean> {
  const asked = db.raw('select 1').then(
    () => true,
    () => false,
  );
  return Promise.race([asked, sleep(READY_CHECK_MS, false)]);
}

async function listen(server: Server, { host, port }: Config['api']): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explainListenError(error, host, port);
  }
}

function explainListenError(error: unknown, host: string, port: number): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new StartError(`port ${port} is taken: stop what listens there, or set API_PORT to another`);
    case 'EACCES':
      return new StartError(`port ${port} may not be used by this user: set API_PORT to one above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`${host} is no address of this machine: correct API_HOST`);
    default:
      return error;
  }
}
