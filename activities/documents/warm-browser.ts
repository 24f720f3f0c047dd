import puppeteer, { type Browser, type Page } from 'puppeteer';

/** A browser on this machine and how it is started. */
export interface Chromium {
  readonly executable_path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `Chromium 147.0.7727.0` */
  readonly version: string;
  /** Where it comes from, for the log. */
  readonly source: string;
}

/** The browser or one of its pages died. Says nothing about the document: it is worth another try. */
export class BrowserCrash extends Error {
  override readonly name = 'BrowserCrash';
}

const ARGS = ['--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'];
/**
 * Fonts are loaded when the layout finds a use for them: before there is one, none is missing. Answers whether all could be loaded,
 * since a page without its fonts would be printed without its text.
 */
const LOAD_FONTS = `
  void document.body.offsetHeight;
  document.fonts.ready.then((fonts) => [...fonts].every((font) => font.status !== 'error'));
`;
const CLOSE_TIMEOUT_MS = 5_000;

export function launchChromium(
  { executable_path, args, env }: Pick<Chromium, 'executable_path' | 'args' | 'env'>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Browser> {
  return puppeteer.launch({
    executablePath: executable_path,
    args: [...ARGS, ...args],
    env: { ...env },
    headless: 'shell',
    // Through a pipe, not a port: Chromium ends by itself when this process does, however that happens.
    pipe: true,
    protocolTimeout: 60_000,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    signal,
  });
}

/** One process of Chromium with the pages that it has open. */
export class WarmBrowser {
  readonly #browser: Browser;
  readonly #document_timeout_ms: number;
  readonly #idle_pages: Page[] = [];
  #printing = 0;
  #printed = 0;
  #is_retired = false;

  private constructor(browser: Browser, document_timeout_ms: number) {
    this.#browser = browser;
    this.#document_timeout_ms = document_timeout_ms;
  }

  static async launch(chromium: Chromium, document_timeout_ms: number): Promise<WarmBrowser> {
    const browser = await launchChromium(chromium);
    return new WarmBrowser(browser, document_timeout_ms);
  }

  /** Documents begun. */
  get printed(): number {
    return this.#printed;
  }

  get process_id(): number | undefined {
    return this.#browser.process()?.pid;
  }

  isAlive(): boolean {
    return this.#browser.connected;
  }

  async print(html: string): Promise<Uint8Array> {
    this.#printing += 1;
    this.#printed += 1;
    let page: Page | undefined;
    try {
      page = this.#idle_pages.pop() ?? (await this.#openPage());
      const pdf = await this.#unlessItCrashes(page, printOn(page, html, this.#document_timeout_ms));
      this.#idle_pages.push(page);
      return pdf;
    } catch (error) {
      page?.close().catch(() => undefined);
      if (error instanceof BrowserCrash || this.isAlive()) throw error;
      throw new BrowserCrash('the browser ended while it was printing', { cause: error });
    } finally {
      this.#printing -= 1;
      if (this.#is_retired && this.#printing === 0) await this.close();
    }
  }

  /** Closes it once what it prints is done. */
  async retire(): Promise<void> {
    this.#is_retired = true;
    if (this.#printing === 0) await this.close();
  }

  /** Asks it to end, and ends it when it does not listen. */
  async close(): Promise<void> {
    const child = this.#browser.process();
    const timer = setTimeout(() => child?.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    try {
      await this.#browser.close();
    } catch {
      child?.kill('SIGKILL');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Documents are made of text from outside. Should any of it ever get past the escaping, it finds no script and no network. */
  async #openPage(): Promise<Page> {
    const page = await this.#browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.setOfflineMode(true);
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      request.abort().catch(() => undefined);
    });
    page.on('error', () => {
      const index = this.#idle_pages.indexOf(page);
      if (index >= 0) this.#idle_pages.splice(index, 1);
    });
    return page;
  }

  /** Puppeteer goes on waiting for some answers of a process that is gone. */
  async #unlessItCrashes<T>(page: Page, work: Promise<T>): Promise<T> {
    const { promise: crash, reject } = Promise.withResolvers<never>();
    const onPageCrash = (error: Error): void =>
      reject(new BrowserCrash('a page crashed while it was printing', { cause: error }));
    const onEnd = (): void => reject(new BrowserCrash('the browser ended while it was printing'));
    page.once('error', onPageCrash);
    this.#browser.once('disconnected', onEnd);
    try {
      return await Promise.race([work, crash]);
    } finally {
      page.off('error', onPageCrash);
      this.#browser.off('disconnected', onEnd);
    }
  }
}

async function printOn(page: Page, html: string, timeout: number): Promise<Uint8Array> {
  await page.setContent(html, { waitUntil: 'load', timeout });
  if (!(await page.evaluate(LOAD_FONTS))) throw new Error('the fonts of the document could not be loaded');
  // Puppeteer would wait for them once more.
  return page.pdf({ preferCSSPageSize: true, printBackground: true, tagged: true, waitForFonts: false, timeout });
}
