import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { BrowserCrash, type Chromium, WarmBrowser } from './warm-browser.ts';

export interface BrowserOptions {
  readonly log: Logger;
  readonly findChromium: (search: { readonly signal: AbortSignal }) => Promise<Chromium>;
  /** Documents at a time: as many as there are cores, unless given. */
  readonly pages_max?: number;
  /** With nothing to do for so long, the browser is closed. */
  readonly idle_ms?: number;
  /** After so many documents a new browser takes over: long-lived ones grow. */
  readonly documents_max?: number;
  readonly document_timeout_ms?: number;
}

/** Makes documents with one browser, which is started when the first is wanted and kept while more come. */
export interface Browser {
  /** A self-contained page to a PDF. */
  print(html: string): Promise<Uint8Array>;
  /** The process that takes documents now, if there is one. */
  processId(): number | undefined;
  /** Ends the browser and whatever it is printing, for good. */
  close(): Promise<void>;
}

export function createBrowser(options: BrowserOptions): Browser {
  const { log, pages_max = availableParallelism(), idle_ms = 60_000, documents_max = 500 } = options;
  const { document_timeout_ms = 30_000 } = options;
  const closing = new AbortController();
  const pages = createSlots(pages_max);
  const open = new Set<WarmBrowser>();
  let chromium: Promise<Chromium> | undefined;
  let launching: Promise<WarmBrowser> | undefined;
  let current: WarmBrowser | undefined;
  let wanted = 0;
  let idle: NodeJS.Timeout | undefined;

  async function launch(): Promise<WarmBrowser> {
    try {
      chromium ??= options.findChromium({ signal: closing.signal });
      const browser = await WarmBrowser.launch(await chromium, document_timeout_ms);
      open.add(browser);
      current = browser;
      return browser;
    } catch (error) {
      // Looked for anew next time: it may have been installed or replaced meanwhile.
      chromium = undefined;
      launching = undefined;
      throw error;
    }
  }

  function leave(browser: WarmBrowser): void {
    if (browser === current) launching = current = undefined;
    void browser.retire().finally(() => open.delete(browser));
  }

  function take(): Promise<WarmBrowser> {
    closing.signal.throwIfAborted();
    if (current && (!current.isAlive() || current.printed >= documents_max)) leave(current);
    return (launching ??= launch());
  }

  async function printOnce(html: string): Promise<Uint8Array> {
    const browser = await take();
    closing.signal.throwIfAborted();
    return browser.print(html);
  }

  return {
    async print(html) {
      wanted += 1;
      clearTimeout(idle);
      await pages.take();
      try {
        return await printOnce(html);
      } catch (error) {
        if (!(error instanceof BrowserCrash) || closing.signal.aborted) throw error;
        log.warn({ err: error }, 'the browser crashed: printing the document again');
        return await printOnce(html);
      } finally {
        pages.give();
        wanted -= 1;
        if (wanted === 0 && !closing.signal.aborted)
          idle = setTimeout(() => current && leave(current), idle_ms).unref();
      }
    },

    processId: () => (current?.isAlive() ? current.process_id : undefined),

    async close() {
      closing.abort(new Error('the browser for documents has been closed'));
      clearTimeout(idle);
      await launching?.catch(() => undefined);
      await Promise.all([...open].map((browser) => browser.close()));
    },
  };
}

function createSlots(count: number): { take(): Promise<void>; give(): void } {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    async take() {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free -= 1;
    },
    give() {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
