import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as chrome from '@puppeteer/browsers';
import type { Logger } from 'pino';
import puppeteer from 'puppeteer';
import { type Chromium, launchChromium } from '../../activities/documents/warm-browser.ts';
import { bundledSource, canBeUnpacked, unpackBundledChromium } from './bundled-chromium.ts';

const run = promisify(execFile);

type Environment = Readonly<Record<string, string | undefined>>;

interface Search {
  readonly log: Logger;
  readonly env: Environment;
  /** Ends a search that is fetching something. */
  readonly signal?: AbortSignal;
}

interface Candidate {
  readonly executable_path: string;
  readonly source: string;
  /** Environment for machines that lack something. */
  readonly supplies?: Readonly<Record<string, string>>;
}

/** Page numbers are printed by CSS, which Chromium knows since this version. */
const VERSION_MIN = 131;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome-headless-shell'];
const SHELL = chrome.Browser.CHROMEHEADLESSSHELL;
const SECOND_MS = 1_000;

/** As much of the environment as a browser needs: secrets are none of its business. */
const INHERITED = /^(PATH|HOME|USER|TZ|LANG|LC_\w+|XDG_\w+|FONTCONFIG_\w+|LD_LIBRARY_PATH|TMPDIR|TEMP|TMP|SystemRoot)$/;

/**
 * The browser that documents are made with: the one named, else one installed, else one fetched before, else Puppeteer's own
 * download, else the one that npm brings. The first that runs.
 */
export async function findChromium(search: Search): Promise<Chromium> {
  const { log, env, signal } = search;
  const named = env['PUPPETEER_EXECUTABLE_PATH'];
  const sources = named ? [() => [{ executable_path: named, source: 'PUPPETEER_EXECUTABLE_PATH' }]] : SOURCES;
  for (const find of sources) {
    for (const candidate of await find(search)) {
      const chromium = await tryOut(candidate, search);
      signal?.throwIfAborted();
      if (!chromium) continue;
      log.info(
        { executable_path: chromium.executable_path },
        `documents are made with ${chromium.version}, ${chromium.source}`,
      );
      return chromium;
    }
  }
  throw new Error(
    named
      ? `PUPPETEER_EXECUTABLE_PATH=${named} is no Chromium of version ${VERSION_MIN} or later that runs and finds a font here: correct it, or unset it to have one looked for.`
      : 'No Chromium to make documents with: install one (apt-get install chromium), or name one in PUPPETEER_EXECUTABLE_PATH.',
  );
}

const SOURCES: ((search: Search) => Candidate[] | Promise<Candidate[]>)[] = [
  listInstalled,
  listFetchedBefore,
  fetchPuppeteersOwn,
  unpackBundled,
];

function listInstalled({ env }: Search): Candidate[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  try {
    const channel = chrome.ChromeReleaseChannel.STABLE;
    paths.push(chrome.computeSystemExecutablePath({ browser: chrome.Browser.CHROME, channel }));
  } catch {
    // Not in its usual place: one fewer to try.
  }
  return paths.map((executable_path) => ({ executable_path, source: 'installed on this machine' }));
}

/** What an earlier run went to the network or unpacked for serves again at once. */
function listFetchedBefore({ env }: Search): Candidate[] {
  const fetched = { executable_path: puppeteersOwnPath(cacheFolder(env)), source: "Puppeteer's own" };
  return [fetched, ...(canBeUnpacked() ? [bundledSource(cacheFolder(env))] : [])];
}

/** Once, and only where the download server answers quickly: many machines cannot reach it, and nobody should have to wait for that. */
async function fetchPuppeteersOwn({ log, env, signal }: Search): Promise<Candidate[]> {
  const cache = cacheFolder(env);
  if (env['PUPPETEER_SKIP_DOWNLOAD'] || !(await isDownloadServed(cache))) return [];
  log.info(`fetching Chromium ${buildId()} for documents`);
  try {
    await mkdir(cache, { recursive: true });
    const draft = await mkdtemp(join(cache, 'fetching-'));
    try {
      const program = join(dirname(fileURLToPath(import.meta.resolve('@puppeteer/browsers'))), '../cjs/main-cli.js');
      const args = [program, 'install', `${SHELL}@${buildId()}`, '--path', draft];
      await run(process.execPath, args, { timeout: 180 * SECOND_MS, killSignal: 'SIGKILL', signal });
      // Moved when it is whole: a fetch that was broken off leaves nothing that looks like a browser.
      const installed = dirname(dirname(puppeteersOwnPath(cache)));
      await mkdir(dirname(installed), { recursive: true });
      await rename(dirname(dirname(puppeteersOwnPath(draft))), installed);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } catch (error) {
    log.debug({ err: error }, 'Chromium could not be fetched');
    return [];
  }
  return [{ executable_path: puppeteersOwnPath(cache), source: "Puppeteer's own" }];
}

async function isDownloadServed(cacheDir: string): Promise<boolean> {
  const asked = chrome.canDownload({ browser: SHELL, buildId: buildId(), cacheDir }).catch(() => false);
  const { promise: waited, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), 3 * SECOND_MS);
  return Promise.race([asked, waited]).finally(() => clearTimeout(timer));
}

async function unpackBundled({ log, env }: Search): Promise<Candidate[]> {
  if (!canBeUnpacked()) return [];
  for (const folder of [cacheFolder(env), tmpdir()]) {
    try {
      return [await unpackBundledChromium(folder)];
    } catch (error) {
      log.debug({ err: error, folder }, 'Chromium could not be unpacked');
    }
  }
  return [];
}

function cacheFolder(env: Environment): string {
  return env['PUPPETEER_CACHE_DIR'] ?? join(env['HOME'] ?? homedir(), '.cache', 'puppeteer');
}

/** The version that this Puppeteer was made for; it tells by the path alone. */
function buildId(): string {
  return /-([\d.]+)[/\\]/.exec(puppeteer.executablePath({ headless: 'shell' }))?.[1] ?? 'stable';
}

function puppeteersOwnPath(cacheDir: string): string {
  return chrome.computeExecutablePath({ browser: SHELL, buildId: buildId(), cacheDir });
}

/** Starts it, the way it will be used: a browser can be there and lack libraries, or not be allowed its sandbox. */
async function tryOut(candidate: Candidate, { log, env, signal }: Search): Promise<Chromium | undefined> {
  const { executable_path, source, supplies } = candidate;
  try {
    await access(executable_path, constants.X_OK);
  } catch {
    return undefined;
  }
  // Root cannot have Chromium's sandbox, nor can containers without user namespaces. JavaScript and the network are off in any case.
  const sandboxes = process.getuid?.() === 0 ? [['--no-sandbox']] : [[], ['--no-sandbox']];
  const inherited = Object.fromEntries(Object.entries(env).filter(([name]) => INHERITED.test(name)));
  for (const more of supplies ? [{}, supplies] : [{}]) {
    for (const args of sandboxes) {
      signal?.throwIfAborted();
      const start = { executable_path, args, env: { ...inherited, ...more } };
      try {
        const version = await probe(start, signal);
        if (Number(/(\d+)\./.exec(version)?.[1]) >= VERSION_MIN) return { ...start, version, source };
        log.debug({ executable_path, version }, 'this Chromium is too old');
        return undefined;
      } catch (error) {
        log.debug({ err: error, executable_path }, 'this Chromium does not run');
      }
    }
  }
  return undefined;
}

/** Its version, once it has drawn a text. */
async function probe(start: Pick<Chromium, 'executable_path' | 'args' | 'env'>, signal?: AbortSignal): Promise<string> {
  const browser = await launchChromium(start, { signal });
  try {
    const page = await browser.newPage();
    await page.setContent('<span>A text</span>');
    if ((await page.evaluate('document.querySelector("span").offsetWidth')) === 0) throw new Error('it finds no font');
    return (await browser.version()).replace('/', ' ');
  } finally {
    await browser.close();
  }
}
