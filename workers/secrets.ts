import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StartError } from './start-error.ts';

const secrets = z.object({
  admin_api_key: z.string().min(16),
  /** Pepper of API key digests; signs what we hand out. Changing it makes every API key void. */
  secret: z.string().min(32),
  /** PEM, RSA. */
  webhook_private_key: z.string(),
});

export type Secrets = Readonly<z.infer<typeof secrets>>;

/** Those given, and for the rest what the data folder keeps: made the first time, readable by the owner alone. */
export function keepSecrets(data_dir: string, given: { [name in keyof Secrets]?: string | undefined }): Secrets {
  const webhook_private_key = given.webhook_private_key && pemOf(given.webhook_private_key);
  const { admin_api_key, secret } = given;
  if (admin_api_key && secret && webhook_private_key) return { admin_api_key, secret, webhook_private_key };

  const kept = readOrMake(data_dir);
  return {
    admin_api_key: admin_api_key ?? kept.admin_api_key,
    secret: secret ?? kept.secret,
    webhook_private_key: webhook_private_key ?? kept.webhook_private_key,
  };
}

function readOrMake(data_dir: string): Secrets {
  const file = join(data_dir, 'secrets.json');
  const draft = `${file}.${process.pid}`;
  try {
    makeFolder(data_dir);
  } catch (error) {
    throw unusable(data_dir, error);
  }
  try {
    return read(file);
  } catch (error) {
    if (error instanceof StartError) throw error;
    if (codeOf(error) !== 'ENOENT') throw unusable(data_dir, error);
  }
  try {
    // Linked when whole: of two processes that start at once, both end up with what the first one made.
    writeFileSync(draft, JSON.stringify(make(), null, 2), { mode: 0o600 });
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(data_dir, error);
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file);
}

/** Step by step: asked to make all of a path at once, Node never comes back where the system says that a parent is missing, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function read(file: string): Secrets {
  const text = readFileSync(file, 'utf8');
  try {
    return secrets.parse(JSON.parse(text));
  } catch {
    throw new StartError(`${file} is damaged: restore it from a backup (without it no API key works any more)`);
  }
}

function make(): Secrets {
  return {
    admin_api_key: randomBytes(24).toString('base64url'),
    secret: randomBytes(48).toString('base64url'),
    webhook_private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }) as string,
  };
}

/** Lago's form is the PEM in base64, so that it fits on a line; the PEM itself is taken as well. */
function pemOf(text: string): string {
  const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : Buffer.from(text, 'base64').toString('utf8');
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }) as string;
  } catch {
    // Said below, in one way for all that can be wrong with it.
  }
  throw new StartError('LAGO_RSA_PRIVATE_KEY is not usable: must be an RSA private key, as PEM or as base64 of it');
}

function unusable(data_dir: string, error: unknown): StartError {
  return new StartError(
    `the data folder ${data_dir} is not writable (${codeOf(error)}): set DATA_DIR to a folder that this user may write`,
  );
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
