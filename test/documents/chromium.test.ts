import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createBrowser } from '../../activities/documents/browser.ts';
import { findChromium } from '../../workers/embedded/chromium.ts';
import { canBeUnpacked, unpackBundledChromium } from '../../workers/embedded/bundled-chromium.ts';
import { readPdf } from './pdf-reader.ts';

describe('finding a Chromium', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perennial-chromium-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const quiet = pino({ level: 'silent' });

  it('says in one line what is wrong with the one that was named', async () => {
    const broken = join(folder, 'chromium');
    await writeFile(broken, '#!/bin/sh\nexit 1\n');
    await chmod(broken, 0o755);
    for (const path of ['/nowhere/chromium', folder, broken])
      await assert.rejects(
        findChromium({ log: quiet, env: { PUPPETEER_EXECUTABLE_PATH: path } }),
        ({ message }: Error) => {
          assert.ok(message.includes(path));
          assert.ok(!message.includes('\n'));
          return true;
        },
      );
  });

  it('says in one line which one is used, and where it comes from', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const found = await findChromium({ log, env: process.env });
    const { msg } = JSON.parse(lines.at(-1)!) as { msg: string };
    assert.equal(msg, `documents are made with ${found.version}, ${found.source}`);
    assert.match(found.version, /Chrom\w+ \d+\./);
  });

  it('takes the one that is named, and tells it nothing that is secret', async () => {
    const { executable_path } = await findChromium({ log: quiet, env: process.env });
    const env = {
      ...process.env,
      PUPPETEER_EXECUTABLE_PATH: executable_path,
      DATABASE_URL: 'postgres://secret',
      HOME: folder,
    };
    const found = await findChromium({ log: quiet, env });
    assert.deepEqual([found.executable_path, found.source], [executable_path, 'PUPPETEER_EXECUTABLE_PATH']);
    assert.ok(!('DATABASE_URL' in found.env));
    assert.equal(found.env['HOME'], folder);
  });

  it('stops searching when nobody waits any more', async () => {
    const signal = AbortSignal.abort(new Error('closed'));
    await assert.rejects(findChromium({ log: quiet, env: process.env, signal }), /closed/);
  });

  it('unpacks the one that npm brings, whole, also when two do it at once', async function () {
    if (!canBeUnpacked()) return this.skip();
    const [first, second] = await Promise.all([unpackBundledChromium(folder), unpackBundledChromium(folder)]);
    assert.deepEqual(first, second);
    assert.equal((await readdir(folder)).length, 1, 'nothing half done is left');
    const env = { ...process.env, PUPPETEER_EXECUTABLE_PATH: first.executable_path };
    const browser = createBrowser({
      log: quiet,
      findChromium: (search) => findChromium({ log: quiet, env, ...search }),
    });
    try {
      assert.equal((await readPdf(await browser.print('<title>A title</title>'))).title, 'A title');
    } finally {
      await browser.close();
    }
  });
});
