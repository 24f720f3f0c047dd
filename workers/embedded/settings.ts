import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError } from '../start-error.ts';

const settings = z.object({
  postgres_password: z.string(),
  postgres_port: z.number().optional(),
  temporal_port: z.number().optional(),
  temporal_ui_port: z.number().optional(),
});

export type EmbeddedSettings = z.infer<typeof settings>;
type PortName = 'postgres_port' | 'temporal_port' | 'temporal_ui_port';

/** What the servers that we bring were set up with, kept beside their data so that a second start finds them where they were. */
export function readSettings(data_dir: string): EmbeddedSettings {
  const file = join(data_dir, 'embedded.json');
  if (existsSync(file)) {
    const parsed = settings.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success) throw new StartError(`${file} is damaged: restore it from a backup`);
    return parsed.data;
  }
  const made = { postgres_password: randomBytes(24).toString('base64url') };
  writeSettings(data_dir, made);
  return made;
}

function writeSettings(data_dir: string, changed: EmbeddedSettings): void {
  const file = join(data_dir, 'embedded.json');
  writeFileSync(`${file}.new`, JSON.stringify(changed, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The port asked for, or else the one of last time, the usual one, any other: the first that is free. */
export async function choosePort(
  data_dir: string,
  name: PortName,
  { asked, usual, variable }: { readonly asked?: number; readonly usual: number; readonly variable: string },
): Promise<number> {
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw new StartError(`port ${asked} is taken: stop what listens there, or set ${variable} to another`);
  }
  const known = readSettings(data_dir);
  for (const port of [known[name], usual, 0]) {
    const free = port === undefined ? undefined : await isFree(port);
    if (!free) continue;
    if (free !== known[name]) writeSettings(data_dir, { ...known, [name]: free });
    return free;
  }
  throw new StartError(`no port is free on this machine: set ${variable}`);
}

/** The port, if nobody listens on it; any free one when asked for 0. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<number | undefined> {
  const server = createServer();
  server.listen({ port, host, exclusive: true });
  try {
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
