import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { type Browser, type BrowserOptions, createBrowser } from '../../activities/documents/browser.ts';
import type { Chromium } from '../../activities/documents/warm-browser.ts';
import { invoiceHtml } from '../../activities/templates/invoice.html.ts';
import { findChromium } from '../../workers/embedded/chromium.ts';
import { sampleInvoice, sampleLine, subscriptionLine } from './invoice-samples.ts';
import { readPdf } from './pdf-reader.ts';

const log = pino({ level: 'silent' });
let chromium: Promise<Chromium> | undefined;

/** Looked for once for all tests. */
const find = (): Promise<Chromium> => (chromium ??= findChromium({ log, env: process.env }));

const open = new Set<Browser>();
function newBrowser(options: Partial<BrowserOptions> = {}): Browser {
  const browser = createBrowser({ log, findChromium: find, ...options });
  open.add(browser);
  return browser;
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Children of the browser's process that draw pages. */
async function renderersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const command = /^\d+$/.test(name) ? await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') : '';
    if (!command.includes('--type=renderer')) continue;
    let ancestor = Number(name);
    while (ancestor > 1 && ancestor !== pid) {
      const stat = await readFile(`/proc/${ancestor}/stat`, 'utf8').catch(() => '');
      ancestor = Number(/\) \S (\d+)/.exec(stat)?.[1] ?? 0);
    }
    if (ancestor === pid) found.push(Number(name));
  }
  return found;
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'it happens within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const longInvoice = sampleInvoice({
  lines: [
    subscriptionLine(),
    ...Array.from({ length: 120 }, (_, index) => sampleLine({ name: `Feature ${index + 1}` })),
  ],
});

describe('the PDF of an invoice', function () {
  this.timeout(60_000);
  let browser: Browser;
  before(async () => {
    browser = newBrowser();
    await browser.print('<p>the first one waits for the browser</p>');
  });
  after(() => Promise.all([...open].map((one) => one.close())));

  for (const { locale, title, texts } of [
    {
      locale: 'en',
      title: 'Invoice ALT-8C21-004-012',
      texts: [
        'Nordlicht Verlag GmbH & Co. KG',
        'Änne Größmann',
        'PO-2026-0117',
        'Messages 12,480 20% €377.30',
        '1,001 to 10,000 9,000 €0.0325 €292.50',
        'TVA (20% on €650.58) €130.12',
        'Total €780.70',
        'Page 1 of 1',
      ],
    },
    {
      locale: 'fr',
      title: 'Facture ALT-8C21-004-012',
      texts: ['Messages 12 480 20 % 377,30 €', 'Sous-total HT 650,58 €', 'Total 780,70 €', 'Page 1 sur 1'],
    },
    {
      locale: 'de',
      title: 'Rechnung ALT-8C21-004-012',
      texts: ['Messages 12.480 20 % 377,30 €', 'Gesamtbetrag 780,70 €', 'Seite 1 von 1'],
    },
  ])
    it(`can be read and searched in ${locale}`, async () => {
      const pdf = await readPdf(await browser.print(invoiceHtml(sampleInvoice({ locale }))));
      assert.equal(pdf.pages.length, 1);
      for (const text of texts) assert.ok(pdf.pages[0]!.includes(text), `"${text}" in: ${pdf.pages[0]}`);
      assert.equal(pdf.title, title);
      assert.equal(pdf.language, locale);
    });

  it('is set in its own fonts, whatever the machine has', async () => {
    const { seller } = sampleInvoice();
    const page = invoiceHtml(sampleInvoice({ seller: { ...seller, legal_name: 'Łódź Πληροφορική Україна' } }));
    const { fonts } = await readPdf(await browser.print(page));
    assert.ok(fonts.length > 1);
    for (const font of fonts) assert.match(font, /\+Inter/);
  });

  for (const { script, name, family } of [
    { script: 'Arabic', name: 'شركة المستقبل', family: 'Noto Sans Arabic' },
    { script: 'Hebrew', name: 'חברת הדוגמה', family: 'Noto Sans Hebrew' },
    { script: 'Thai', name: 'บริษัท ตัวอย่าง', family: 'Noto Sans Thai' },
    { script: 'Devanagari', name: 'उदाहरण', family: 'Noto Sans Devanagari' },
    { script: 'Japanese', name: '株式会社サンプル', family: 'Noto Sans JP Variable' },
    { script: 'Korean', name: '주식회사 예시', family: 'Noto Sans KR Variable' },
    { script: 'simplified Chinese', name: '示例有限公司', family: 'Noto Sans SC Variable' },
  ])
    it(`brings a font for ${script}`, async () => {
      const { buyer } = sampleInvoice();
      const page = invoiceHtml(
        sampleInvoice({ buyer: { ...buyer, legal_name: name, firstname: null, lastname: null } }),
      );
      const families = new Set([...page.matchAll(/@font-face \{\s*font-family: '([^']+)'/g)].map(([, found]) => found));
      assert.deepEqual([...families], ['Inter', family]);
      const { pages, fonts } = await readPdf(await browser.print(page));
      // A font whose weights are in one file is drawn, and has no name of its own; where letters change their forms, a reader tells little.
      if (family.endsWith('Variable')) assert.ok(pages[0]!.normalize('NFKC').includes(name), pages[0]);
      else
        assert.ok(
          fonts.some((font) => font.includes(`+${family.replaceAll(' ', '')}`)),
          fonts.join(),
        );
    });

  it('writes the characters that East Asia shares as its language or its parties do', () => {
    const { buyer } = sampleInvoice();
    const han = (locale: string, country: string): boolean[] =>
      ['SC', 'TC', 'JP'].map((forms) =>
        invoiceHtml(sampleInvoice({ locale, buyer: { ...buyer, legal_name: '骨', country } })).includes(
          `'Noto Sans ${forms} Variable'`,
        ),
      );
    assert.deepEqual(han('en', 'CN'), [true, false, false]);
    assert.deepEqual(han('en', 'TW'), [false, true, false]);
    assert.deepEqual(han('en', 'JP'), [false, false, true]);
    assert.deepEqual(han('zh-TW', 'JP'), [false, true, false]);
  });

  it('carries no font that it does not need', () => {
    assert.ok(invoiceHtml(sampleInvoice()).length < 100_000);
  });

  it('repeats the head of the table and numbers its pages', async () => {
    const { pages } = await readPdf(await browser.print(invoiceHtml(longInvoice)));
    assert.ok(pages.length >= 4);
    pages.forEach((text, index) => {
      assert.ok(text.includes(`Page ${index + 1} of ${pages.length}`));
      assert.ok(text.includes('Item Units Unit price Tax Amount'));
      assert.ok(text.includes('Invoice ALT-8C21-004-012'));
    });
    const all = pages.join(' ');
    for (let index = 1; index <= 120; index += 1) assert.equal(all.split(`Feature ${index} 1,200`).length, 2);
    assert.match(pages.at(-1)!, /Feature \d+ .* Total €/, 'the totals are never alone on a page');
  });

  it('is on the paper of the seller', async () => {
    const { seller } = sampleInvoice();
    const sizeFor = async (country: string) =>
      (await readPdf(await browser.print(invoiceHtml(sampleInvoice({ seller: { ...seller, country } }))))).size;
    assert.deepEqual(await sizeFor('FR'), [595, 842]);
    assert.deepEqual(await sizeFor('US'), [612, 792]);
  });

  it('comes out right for each of many that are printed at once', async () => {
    const numbers = Array.from({ length: 12 }, (_, index) => `A-${index}`);
    const read = await Promise.all(
      numbers.map(async (number) => readPdf(await browser.print(invoiceHtml(sampleInvoice({ number }))))),
    );
    assert.deepEqual(
      read.map(({ title }) => title),
      numbers.map((number) => `Invoice ${number}`),
    );
  });
});

describe('the browser that prints', function () {
  this.timeout(60_000);

  it('runs no script and reaches no network', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const page = `<p>seen</p><img src="${url}/a.png"><iframe src="${url}/b"></iframe><link rel="stylesheet" href="${url}/c.css"><script>document.body.textContent = 'changed'</script>`;
      const { pages } = await readPdf(await newBrowser().print(page));
      assert.equal(pages[0]!.trim(), 'seen');
      assert.equal(asked, 0);
    } finally {
      server.close();
    }
  });

  it('refuses to print a page whose fonts are broken, rather than print it without text', async () => {
    const font = `@font-face { font-family: Broken; src: url(data:font/woff2;base64,AAAA) }`;
    const page = `<style>${font} p { font-family: Broken }</style><p>text</p>`;
    await assert.rejects(newBrowser().print(page), /fonts/);
  });

  it('is started by the first document and kept for the next', async () => {
    const browser = newBrowser();
    assert.equal(browser.processId(), undefined);
    await browser.print('<p>1</p>');
    const first = browser.processId();
    await browser.print('<p>2</p>');
    assert.ok(first !== undefined && first === browser.processId());
  });

  it('is one for documents that are wanted at once', async () => {
    let launches = 0;
    const browser = newBrowser({ findChromium: () => ((launches += 1), find()) });
    await Promise.all([browser.print('<p>1</p>'), browser.print('<p>2</p>'), browser.print('<p>3</p>')]);
    assert.equal(launches, 1);
  });

  it('is gone when nothing was printed for a while, and comes back', async () => {
    const browser = newBrowser({ idle_ms: 50 });
    await browser.print('<p>1</p>');
    const pid = browser.processId()!;
    await until(() => !isRunning(pid));
    assert.equal(browser.processId(), undefined);
    await browser.print('<p>2</p>');
    assert.notEqual(browser.processId(), pid);
  });

  it('gives way to a new one after a number of documents, and loses none', async () => {
    const browser = newBrowser({ documents_max: 3 });
    const pids = new Set<number>();
    for (let number = 0; number < 7; number += 1) {
      await browser.print(`<p>${number}</p>`);
      pids.add(browser.processId()!);
    }
    assert.equal(pids.size, 3);
    const [first, second] = [...pids];
    await until(() => !isRunning(first!) && !isRunning(second!));
  });

  it('prints again what was being printed when it crashed', async () => {
    const browser = newBrowser({ pages_max: 2 });
    await browser.print('<p>warm</p>');
    const pid = browser.processId()!;
    const printing = [browser.print(invoiceHtml(longInvoice)), browser.print(invoiceHtml(longInvoice))];
    setTimeout(() => process.kill(pid, 'SIGKILL'), 30);
    const read = await Promise.all((await Promise.all(printing)).map(readPdf));
    for (const { pages } of read) assert.ok(pages.at(-1)!.includes('Total'));
    assert.notEqual(browser.processId(), pid);
  });

  it('prints again what was on a page that crashed', async () => {
    const browser = newBrowser({ pages_max: 1 });
    await browser.print('<p>warm</p>');
    const pid = browser.processId()!;
    const renderers = await renderersOf(pid);
    assert.ok(renderers.length > 0);
    const printing = browser.print(invoiceHtml(longInvoice));
    for (const renderer of renderers) process.kill(renderer, 'SIGKILL');
    assert.ok((await readPdf(await printing)).pages.length >= 4);
    assert.equal(browser.processId(), pid);
  });

  it('is looked for again when it could not be started', async () => {
    const missing: Chromium = { ...(await find()), executable_path: '/nowhere/chromium' };
    let searches = 0;
    const browser = newBrowser({ findChromium: () => ((searches += 1) === 1 ? Promise.resolve(missing) : find()) });
    await assert.rejects(browser.print('<p>1</p>'));
    await browser.print('<p>1</p>');
    assert.equal(searches, 2);
  });

  it('leaves no process when it is closed in the middle of a document', async () => {
    const browser = newBrowser();
    await browser.print('<p>warm</p>');
    const pid = browser.processId()!;
    const printing = assert.rejects(browser.print(invoiceHtml(longInvoice)));
    await browser.close();
    await printing;
    assert.ok(!isRunning(pid));
    await assert.rejects(browser.print('<p>late</p>'), /closed/);
  });

  after(() => Promise.all([...open].map((one) => one.close())));
});
