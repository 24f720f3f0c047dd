import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../workers/embedded/postgres.ts';
import { findTemporalCli, startTemporal } from '../workers/embedded/temporal.ts';
import { findTestServer } from '../workers/embedded/test-server.ts';
import { prepareTestDatabases } from './support/database.ts';

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
}

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
      const { code } = await run(command, {});
      counts.push({ passed: Number(code === 0), failed: Number(code !== 0) });
    }
  counts.push(await runTests());
  return counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }));
}

async function runTests(): Promise<Count> {
  const data_dir = await mkdtemp(join(tmpdir(), 'perennial-test-'));
  const test_server = await findTestServer({ test_server_path: process.env['TEMPORAL_TEST_SERVER_PATH'], say });
  const cli = await findTemporalCli({ cli_path: process.env['TEMPORAL_CLI_PATH'], say });
  const postgres = await startPostgres({ data_dir, isFleeting: true });
  const temporal = await startTemporal({ data_dir, namespace: 'default', cli_path: cli.path, isFleeting: true, say });
  try {
    const environment = {
      TEST_POSTGRES_URL: postgres.owner_url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_CLI_PATH: cli.path,
      TEMPORAL_TEST_SERVER_PATH: test_server,
    };
    process.env['TEST_POSTGRES_URL'] = postgres.owner_url;
    await prepareTestDatabases();
    const { code, output } = await run(
      [join(root, 'node_modules/mocha/bin/mocha.js'), ...(files.length > 0 ? files : ['test/**/*.test.ts'])],
      environment,
    );
    const passed = Number(/(\d+) passing/.exec(output)?.[1] ?? 0);
    const failed = Number(/(\d+) failing/.exec(output)?.[1] ?? 0);
    // Mocha that fell over before it could count has failed all the same.
    return { passed, failed: Math.max(failed, Number(code !== 0)) };
  } finally {
    await temporal.server.stop();
    await postgres.server.stop();
    await rm(data_dir, { recursive: true, force: true });
  }
}

async function run(
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
    process.stdout.write(chunk);
  });
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  return { code, output };
}

const { passed, failed } = await main();
say(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
