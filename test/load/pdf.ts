import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { Page } from 'puppeteer';
import { createBrowser } from '../../activities/documents/browser.ts';
import { type Chromium, launchChromium } from '../../activities/documents/warm-browser.ts';
import { invoiceHtml } from '../../activities/templates/invoice.html.ts';
import { findChromium } from '../../workers/embedded/chromium.ts';
import { sampleInvoice } from '../documents/invoice-samples.ts';

/** PDFs per second of our browser, beside those of a bare loop over pages of Puppeteer that prints the same, in turns. */
const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    pages: { type: 'string', default: String(availableParallelism()) },
    'ratio-min': { type: 'string', default: '0.8' },
  },
});
const [documents, rounds, pages_max] = [values.documents, values.rounds, values.pages].map(Number) as [
  number,
  number,
  number,
];

const log = pino({ level: 'silent' });
const pages = Array.from({ length: documents }, (_, index) => invoiceHtml(sampleInvoice({ number: `ALT-${index}` })));

interface Printer {
  printAll(): Promise<void>;
  close(): Promise<void>;
}

async function startOurs(chromium: Chromium): Promise<Printer> {
  const browser = createBrowser({ log, findChromium: () => Promise.resolve(chromium), pages_max });
  await browser.print(pages[0]!);
  return {
    printAll: async () => void (await Promise.all(pages.map((page) => browser.print(page)))),
    close: () => browser.close(),
  };
}

/** As many pages, each printing one document after the other: no guard, no crash, no wait for fonts. */
async function startBare(chromium: Chromium): Promise<Printer> {
  const browser = await launchChromium(chromium);
  const open: Page[] = [];
  for (let index = 0; index < pages_max; index += 1) open.push(await browser.newPage());
  const print = async (page: Page, html: string): Promise<void> => {
    await page.setContent(html, { waitUntil: 'load' });
    await page.pdf({ preferCSSPageSize: true, printBackground: true, tagged: true });
  };
  await print(open[0]!, pages[0]!);
  return {
    async printAll() {
      const queue = pages.values();
      await Promise.all(open.map(async (page) => {
        for (const html of queue) await print(page, html);
      })); // prettier-ignore
    },
    close: () => browser.close(),
  };
}

async function rateOf({ printAll }: Printer): Promise<number> {
  const begun = performance.now();
  await printAll();
  return documents / ((performance.now() - begun) / 1000);
}

const median = (rates: readonly number[]): number => [...rates].sort((a, b) => a - b)[Math.floor(rates.length / 2)]!;

const chromium = await findChromium({ log, env: process.env });
const [ours, bare] = [await startOurs(chromium), await startBare(chromium)];
const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
try {
  for (let round = 0; round < rounds; round += 1) {
    rates.bare.push(await rateOf(bare));
    rates.ours.push(await rateOf(ours));
  }
} finally {
  await Promise.all([ours.close(), bare.close()]);
}
const result = {
  documents,
  rounds,
  pages: pages_max,
  chromium: chromium.version,
  documents_per_second: Number(median(rates.ours).toFixed(1)),
  bare_documents_per_second: Number(median(rates.bare).toFixed(1)),
  ratio: Number((median(rates.ours) / median(rates.bare)).toFixed(3)),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (result.ratio < Number(values['ratio-min'])) process.exitCode = 1;
