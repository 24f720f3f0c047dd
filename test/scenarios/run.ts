import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isFree } from '../../workers/embedded/settings.ts';
import { StartError, explain } from '../../workers/start-error.ts';

// `npm run scenarios -- FOLDER… [--only REGEX] [--jobs N] [--json FILE]`: a system of its own on free ports, then the runner that lies beside the
// folder (or the one that SCENARIOS_RUNNER names), with everything passed on. Ends as the runner ends.

const START = join(import.meta.dirname, '../../workers/start.ts');
const children: { kill(signal: NodeJS.Signals): boolean }[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => children.forEach((child) => child.kill('SIGTERM')));

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(explain(error));
  return 1;
});

async function main(args: string[]): Promise<number> {
  const runner = findRunner(args);
  const data_dir = await mkdtemp(join(tmpdir(), 'perennial-scenarios-'));
  const admin_key = randomBytes(24).toString('base64url');
  const port = await isFree(0);
  if (!port) throw new StartError('no port is free on this machine');
  const env = {
    LOG_LEVEL: 'error',
    ...process.env,
    DATA_DIR: data_dir,
    ADMIN_API_KEY: admin_key,
    API_PORT: String(port),
  };
  const system = spawn(process.execPath, [START], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(system);
  const ended = once(system, 'exit');
  try {
    const url = `http://127.0.0.1:${port}`;
    if (!(await becomesReady(url, ended))) throw new StartError('the system did not start: the line above says why');
    const run = spawn(process.execPath, [runner, '--url', url, '--admin-key', admin_key, ...args], {
      stdio: 'inherit',
    });
    children.push(run);
    const [code] = (await once(run, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    system.kill('SIGTERM');
    await ended;
    await rm(data_dir, { recursive: true, force: true });
  }
}

function findRunner(args: readonly string[]): string {
  const folder = args.find((arg) => !arg.startsWith('--') && existsSync(arg));
  if (!folder) throw new StartError('name a folder of scenarios: npm run scenarios -- FOLDER');
  const runner = process.env['SCENARIOS_RUNNER'] || join(dirname(resolve(folder)), 'run.mjs');
  if (existsSync(runner) && statSync(runner).isFile()) return runner;
  throw new StartError(`there is no runner at ${runner}: set SCENARIOS_RUNNER to one`);
}

async function becomesReady(url: string, ended: Promise<unknown>): Promise<boolean> {
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  while (!hasEnded) {
    const isReady = await fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return true;
    await Promise.race([ended, new Promise((wake) => setTimeout(wake, 200))]);
  }
  return false;
}
