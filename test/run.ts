import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../workers/embedded/postgres.ts';
import { findTemporalCli, startTemporal } from '../workers/embedded/temporal.ts';
import { findTestServer } from '../workers/embedded/test-server.ts';

/**
 * `npm test`: the checks and all tests, on a Postgres and a Temporal of their own. `npm test -- FILES` runs the tests of these files alone.
 * The last line is `N passed, N failed`; a check counts as one.
 */
const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const files = process.argv.slice(2);
const say = (line: string): void => console.log(line);

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const LEAVE_MS = 20_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const checks: readonly [string, string[]][] = [
  ['format', [join(bin, 'prettier'), '--check', '.']],
  ['lint', [join(bin, 'eslint'), '--max-warnings', '0', '.']],
  ['types', [join(bin, 'tsc'), '--noEmit']],
];

async function main(): Promise<Count> {
  const counts: Count[] = [];
  if (files.length === 0)
    for (const [name, command] of checks) {
      say(`\n${name}`);
      const { code } = await run(command);
      counts.push({ passed: Number(code === 0), failed: Number(code !== 0), skipped: 0 });
    }
  counts.push(await runTests());
  return counts.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }));
}

async function runTests(): Promise<Count> {
  const data_dir = await mkdtemp(join(tmpdir(), 'perennial-test-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const test_server = await findTestServer({ test_server_path: process.env['TEMPORAL_TEST_SERVER_PATH'], say });
    const cli = await findTemporalCli({ cli_path: process.env['TEMPORAL_CLI_PATH'], say });
    const postgres = await startPostgres({ data_dir, isFleeting: true });
    stops.push(() => postgres.server.stop());
    const temporal = await startTemporal({ data_dir, namespace: 'default', cli_path: cli.path, isFleeting: true, say });
    stops.push(() => temporal.server.stop());
    Object.assign(process.env, {
      TEST_POSTGRES_URL: postgres.owner_url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_CLI_PATH: cli.path,
      TEMPORAL_TEST_SERVER_PATH: test_server,
    });
    const { prepareTestDatabases } = await import('./support/database.ts');
    await prepareTestDatabases();
    return await runMocha();
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await rm(data_dir, { recursive: true, force: true });
  }
}

async function runMocha(): Promise<Count> {
  const patterns = files.length > 0 ? files : ['test/**/*.test.ts'];
  const { code, output } = await run([join(root, 'node_modules/mocha/bin/mocha.js'), ...patterns], / passing \(/);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);
  // Mocha that fell over before it could count, or that a test kept from ending, has failed all the same.
  return {
    passed: count('passing'),
    failed: Math.max(count('failing'), Number(code !== 0)),
    skipped: count('pending'),
  };
}

/** `last_words`: what a program says when it is done. If it then does not end, something was left running, and it is ended. */
async function run(command: readonly string[], last_words?: RegExp): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  for (const signal of signals) process.once(signal, () => child.kill('SIGTERM'));
  let output = '';
  let leftover: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
    process.stdout.write(chunk);
    if (leftover || !last_words?.test(output)) return;
    leftover = setTimeout(() => {
      say('A test left something running: a server, a timer, or a connection.');
      child.kill('SIGKILL');
    }, LEAVE_MS);
  });
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  clearTimeout(leftover);
  return { code, output };
}

const { passed, failed, skipped } = await main();
say(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
