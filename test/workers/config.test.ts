import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../workers/config.ts';
import { StartError } from '../../workers/start-error.ts';

describe('the configuration', () => {
  let DATA_DIR: string;
  beforeEach(() => {
    DATA_DIR = mkdtempSync(join(tmpdir(), 'perennial-config-'));
  });
  afterEach(() => rmSync(DATA_DIR, { recursive: true }));

  it('needs nothing: everything has a default', () => {
    const { api, database, temporal, webhooks, log } = readConfig({ DATA_DIR });
    assert.deepEqual(api, { host: '127.0.0.1', port: 3000, url: 'http://127.0.0.1:3000' });
    assert.equal(database.app_url, undefined);
    assert.equal(temporal.namespace, 'default');
    assert.deepEqual(webhooks, { attempts_max: 3, timeout_seconds: 30, allow_private_targets: false });
    assert.deepEqual(log, { level: 'info', format: 'json' });
  });

  it('takes what is empty as not given', () => {
    assert.equal(readConfig({ DATA_DIR, API_PORT: '', DATABASE_URL: '' }).api.port, 3000);
  });

  it("derives the application's way to the database from the owner's, without his password", () => {
    const { app_url } = readConfig({ DATA_DIR, DATABASE_URL: 'postgres://owner:hidden@db:5432/billing' }).database;
    assert.match(app_url ?? '', /^postgres:\/\/perennial_app:[0-9a-f]{64}@db:5432\/billing$/);
  });

  it('makes the secrets once and keeps them, for the owner of the folder alone', () => {
    const first = readConfig({ DATA_DIR });
    assert.deepEqual(readConfig({ DATA_DIR }), first);
    assert.equal(statSync(join(DATA_DIR, 'secrets.json')).mode & 0o777, 0o600);
    assert.ok(readFileSync(join(DATA_DIR, 'secrets.json'), 'utf8').includes(first.admin_api_key));
  });

  it('writes nothing when all secrets are given, and takes the RSA key as PEM or as base64 of it', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const given = { DATA_DIR, ADMIN_API_KEY: 'a'.repeat(16), SECRET_KEY_BASE: 's'.repeat(32) };
    for (const LAGO_RSA_PRIVATE_KEY of [pem, Buffer.from(pem).toString('base64'), pem.replaceAll('\n', '\\n')])
      assert.equal(readConfig({ ...given, LAGO_RSA_PRIVATE_KEY }).webhook_private_key, pem);
    assert.throws(() => statSync(join(DATA_DIR, 'secrets.json')));
  });

  for (const [name, value] of [
    ['API_PORT', 'http'],
    ['API_PORT', '70000'],
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://root@db/billing'],
    ['TEMPORAL_ADDRESS', 'http://temporal:7233'],
    ['LAGO_API_URL', 'billing.example'],
    ['LAGO_WEBHOOK_ATTEMPTS', '0'],
    ['WEBHOOK_ALLOW_PRIVATE_TARGETS', 'perhaps'],
    ['ADMIN_API_KEY', 'short'],
    ['LAGO_RSA_PRIVATE_KEY', 'bm8ga2V5'],
  ] as const)
    it(`refuses ${name}=${value} in one line that names it`, () => {
      assert.throws(
        () => readConfig({ DATA_DIR, [name]: value }),
        (error: unknown) => {
          assert.ok(error instanceof StartError);
          assert.match(error.message, new RegExp(`^${name} is not usable: .+$`));
          return true;
        },
      );
    });

  it('refuses a data folder that cannot be written, and a damaged file of secrets', () => {
    writeFileSync(join(DATA_DIR, 'file'), '');
    assert.throws(() => readConfig({ DATA_DIR: join(DATA_DIR, 'file') }), /is not writable .*set DATA_DIR/);
    writeFileSync(join(DATA_DIR, 'secrets.json'), '{}');
    assert.throws(() => readConfig({ DATA_DIR }), /secrets\.json is damaged/);
  });
});
