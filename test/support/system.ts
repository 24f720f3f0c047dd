import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createBrowser } from '../../activities/documents/browser.ts';
import type { Deps } from '../../activities/shared/deps.ts';
import { wallNow } from '../../api/middleware/clock.ts';
import { findChromium } from '../../workers/embedded/chromium.ts';
import { createWorkers } from '../../workers/workers.ts';
import { type TestApi, startApi } from './api.ts';
import { type TestTemporal, createTestNamespace } from './temporal.ts';

const CACHE_DIR = join(import.meta.dirname, '../../node_modules/.cache/perennial');

export interface TestSystem extends TestApi {
  readonly temporal: TestTemporal;
  /** Stops the workers; `startWorkers` starts new ones. The API goes on. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
}

/** The whole system in this process: API, relay and workers, on a database and a Temporal namespace of its own. */
export async function startSystem({ vies_url = 'http://127.0.0.1:9' } = {}): Promise<TestSystem> {
  const [api, temporal, data_dir] = await Promise.all([
    startApi(),
    createTestNamespace(),
    mkdtemp(join(tmpdir(), 'perennial-')),
  ]);
  const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const env = { ...process.env, DATA_DIR: data_dir };
  const { settings } = api.deps;
  const deps: Deps = {
    db: api.db,
    log,
    wallClock: wallNow,
    settings: {
      api_url: settings.api_url,
      secret: settings.secret,
      vies_url,
      termination_alert_days: [15, 45],
      webhooks: {
        attempts_max: 3,
        timeout_seconds: 5,
        allow_private_targets: true,
        private_key: settings.webhook_private_key,
      },
    },
  };
  let stopWorkers = (): Promise<void> => Promise.resolve();

  async function startWorkers(): Promise<void> {
    const browser = createBrowser({
      log,
      findChromium: ({ signal }) => findChromium({ log, env, signal }),
      idle_ms: 2_000,
    });
    const workers = await createWorkers({
      ...deps,
      ...temporal,
      listener: api.deps.listener,
      browser,
      cache_dir: CACHE_DIR,
    });
    const running = workers.run();
    stopWorkers = async () => {
      workers.shutdown();
      await running;
      await browser.close();
      stopWorkers = () => Promise.resolve();
    };
  }

  await startWorkers();
  return {
    ...api,
    temporal,
    startWorkers,
    stopWorkers: () => stopWorkers(),
    async stop() {
      await stopWorkers();
      await temporal.close();
      await api.stop();
      await rm(data_dir, { recursive: true, force: true });
    },
  };
}
