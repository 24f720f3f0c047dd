import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from '../../db/connection.ts';
import { isFree } from '../../workers/embedded/settings.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const START = join(import.meta.dirname, '../../workers/start.ts');

interface Launch {
  readonly process: ChildProcess;
  readonly url: string;
  /** Everything printed so far, warnings and errors apart. */
  said(): string;
  complained(): string;
  ended(): Promise<number | null>;
}

describe('npm start', function () {
  this.timeout(120_000);
  let folder: string;
  const launches: ChildProcess[] = [];

  async function launch(env: Record<string, string> = {}): Promise<Launch> {
    const port = env['API_PORT'] ?? String(await isFree(0));
    const child = spawn(process.execPath, [START], {
      env: { ...process.env, DATA_DIR: folder, API_PORT: port, LOG_LEVEL: 'warn', TEMPORAL_ADDRESS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    launches.push(child);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => (output[stream] += String(chunk)));
    const closed = once(child, 'close').then(([code]) => code as number | null);
    return {
      process: child,
      url: `http://127.0.0.1:${port}`,
      said: () => output.stdout,
      complained: () => output.stderr,
      ended: () => closed,
    };
  }

  /** One process without the launcher, to its end. */
  async function runScript(script: string, env: Record<string, string>): Promise<{ stderr: string }> {
    const child = spawn(process.execPath, [join(START, '..', script)], {
      env: { ...process.env, DATA_DIR: folder, LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    launches.push(child);
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.notEqual(child.exitCode, 0);
    return { stderr };
  }

  /** Processes whose environment or command line names the folder. */
  function left(): string[] {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .filter((pid) => {
        try {
          return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder));
        } catch {
          return false;
        }
      });
  }

  async function isReady(url: string): Promise<boolean> {
    return fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-start-'));
  });
  afterEach(async () => {
    for (const child of launches.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    await until('no process is left', () => left().length === 0, { within_ms: 30_000 });
    rmSync(folder, { recursive: true });
  });

  it('brings up everything, tells a first API key once, and goes on where it was', async () => {
    const first = await launch();
    await until('it is ready', () => first.said().includes('Ready.'), { within_ms: 90_000 });
    const [, key] = /API key +([\w-]+)/.exec(first.said()) ?? [];
    first.process.kill('SIGINT');
    assert.equal(await first.ended(), 0);
    assert.deepEqual(left(), []);

    const second = await launch();
    await until('it is ready', () => second.said().includes('Ready.'), { within_ms: 90_000 });
    assert.doesNotMatch(second.said(), /API key/);
    const answer = await fetch(`${second.url}/api/v1/customers`, { headers: { Authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 200);

    // A killed launcher takes everything along.
    second.process.kill('SIGKILL');
    await until('no process is left', () => left().length === 0, { within_ms: 30_000 });
  });

  it('starts a killed API and a killed worker again', async () => {
    const { url, process: launcher, ended, said } = await launch();
    await until('it is ready', () => said().includes('Ready.'), { within_ms: 90_000 });
    for (const file of ['api.ts', 'worker.ts']) {
      const pid = left().find((one) => readFileSync(`/proc/${one}/cmdline`, 'utf8').includes(`workers/${file}`));
      process.kill(Number(pid), 'SIGKILL');
      await until('the loss is noticed', async () => !(await isReady(url)), { within_ms: 10_000 });
      await until('all is well again', () => isReady(url));
    }
    launcher.kill('SIGTERM');
    assert.equal(await ended(), 0);
    assert.deepEqual(left(), []);
  });

  describe('with something wrong', () => {
    let database: TestDatabase;
    before(async () => {
      database = await createTestDatabase();
    });
    after(() => database.drop());

    async function complaint(env: Record<string, string>): Promise<string> {
      const { ended, complained } = await launch(env);
      assert.equal(await ended(), 1);
      assert.deepEqual(left(), []);
      const lines = complained().trim().split('\n');
      assert.equal(lines.length, 1, complained());
      return lines[0]!;
    }

    it('says which port is taken', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      assert.match(await complaint({ API_PORT: String(port) }), new RegExp(`port ${port} is taken: .*API_PORT`));
      server.close();
    });

    it('says that the database does not answer, refuses us, or does not exist', async () => {
      const at = async (change: (url: URL) => void): Promise<string> => {
        const url = new URL(database.owner_url);
        change(url);
        return complaint({ DATABASE_URL: url.toString(), SECRET_KEY_BASE: TEST_SECRET });
      };
      assert.match(await at((url) => (url.port = '1')), /no database answers at .*:1 .*DATABASE_URL/);
      assert.match(await at((url) => (url.password = 'wrong')), /refuses user postgres: .*password in DATABASE_URL/);
      assert.match(await at((url) => (url.pathname = '/nowhere')), /nowhere does not exist .*DATABASE_URL/);
    });

    it('says that the user is not the owner, and quotes no statement', async () => {
      const owner = connect(database.owner_url);
      await owner.raw(`create role stranger login password 'stranger'`);
      try {
        const url = new URL(database.owner_url);
        url.username = url.password = 'stranger';
        assert.match(
          await complaint({ DATABASE_URL: url.toString(), SECRET_KEY_BASE: TEST_SECRET }),
          /user stranger may not do this in database \w+ \(permission denied [\w ]+\): DATABASE_URL must be that of its owner/,
        );
      } finally {
        await owner.raw('drop role stranger');
        await owner.destroy();
      }
    });

    it('says to processes of an older schema that it must be migrated first', async () => {
      const owner = connect(database.owner_url);
      const { name } = await owner('migrations').orderBy('name', 'desc').first<{ name: string }>();
      await owner('migrations').where({ name }).delete();
      try {
        for (const script of ['api.ts', 'worker.ts', 'rebuild.ts']) {
          const { stderr } = await runScript(script, { DATABASE_APP_URL: database.app_url });
          assert.match(
            stderr,
            /^perennial: the database has the schema of an older release: run `npm run migrate` first\n$/,
          );
        }
      } finally {
        await owner('migrations').insert({ name });
        await owner.destroy();
      }
    });

    it('says that the schema is of a newer release, and leaves it alone', async () => {
      const owner = connect(database.owner_url);
      await owner('migrations').insert({ name: '9999-of-the-future' });
      try {
        assert.match(
          await complaint({ DATABASE_URL: database.owner_url, SECRET_KEY_BASE: TEST_SECRET }),
          /newer release \(9999-of-the-future\)/,
        );
      } finally {
        await owner('migrations').where({ name: '9999-of-the-future' }).delete();
        await owner.destroy();
      }
    });

    it('says that Temporal does not answer, or lacks the namespace', async () => {
      assert.match(
        await complaint({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
        /no Temporal server answers at 127\.0\.0\.1:1/,
      );
      const { TEMPORAL_ADDRESS = '127.0.0.1:17233' } = process.env;
      assert.match(await complaint({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: 'nowhere' }), /has no namespace nowhere/);
    });

    it('says that there is no browser', async () => {
      const { TEMPORAL_ADDRESS = '127.0.0.1:17233' } = process.env;
      const line = await complaint({ TEMPORAL_ADDRESS, PUPPETEER_EXECUTABLE_PATH: '/bin/true' });
      assert.match(line, /PUPPETEER_EXECUTABLE_PATH=\/bin\/true is no Chromium/);
    });

    it('says that somebody runs on the same folder', async () => {
      const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'start.ts'], { stdio: 'ignore' });
      writeFileSync(join(folder, 'launcher.pid'), `${other.pid}\n`);
      try {
        assert.match(await complaint({}), new RegExp(`already runs on .* \\(process ${other.pid}\\)`));
      } finally {
        other.kill('SIGKILL');
      }
    });
  });
});
