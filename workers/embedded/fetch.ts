import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One way to come by a program. Undefined when it is not to be had this way here; the next way is tried then. */
export interface Way {
  readonly name: string;
  /** Where it is once it was fetched this way. */
  readonly kept?: string;
  find(): Promise<string | undefined>;
}

export interface Found {
  readonly path: string;
  readonly source: string;
}

/** The first way that leads to the program. Nothing is fetched while something fetched before is still there. */
export async function firstOf(ways: readonly Way[], sayFetching: (way: Way) => void): Promise<Found | undefined> {
  const fetched = ways.find(({ kept }) => kept !== undefined && isExecutable(kept));
  for (const way of ways) {
    if (way.kept && fetched?.kept) return { path: fetched.kept, source: fetched.name };
    if (way.kept) sayFetching(way);
    const path = await way.find().catch(() => undefined);
    if (path) return { path, source: way.name };
  }
  return undefined;
}

/** What was fetched once serves every later start of this user, whatever its data folder. */
export function cacheFolder(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'perennial');
  mkdirSync(folder, { recursive: true });
  return folder;
}

export async function onPath(name: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Has `fetch` fill a new folder, and puts it in the cache under `name` when it is whole. Two that fetch at once both succeed.
 * It is of use when `file` is in it.
 */
export function fetching(name: string, source: string, file: string, fetch: (folder: string) => Promise<unknown>): Way {
  const folder = join(cacheFolder(), name);
  const kept = join(folder, file);
  return {
    name: source,
    kept,
    async find() {
      const draft = await mkdtemp(`${folder}-`);
      try {
        await fetch(draft);
        if (!existsSync(join(draft, file))) return undefined;
        await rename(draft, folder).catch((error: unknown) => {
          if (!existsSync(kept)) throw error;
        });
        return kept;
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    },
  };
}

/** Runs a program that fetches something. What it prints is of no interest unless it fails, and then the next way is tried. */
export async function fetchWith(
  command: string,
  args: readonly string[],
  minutes: number,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  await run(command, args, { ...options, timeout: minutes * 60_000, maxBuffer: 64 * 1024 * 1024 });
}

/** The one file in a folder, whatever version its name carries. */
export async function onlyFile(folder: string): Promise<string> {
  const [name] = await readdir(folder);
  return join(folder, name!);
}
