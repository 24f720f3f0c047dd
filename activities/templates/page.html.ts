import type { DocumentContent } from './document-content.ts';
import { documentStyles } from './document.css.ts';
import { fontsFor } from './fonts.ts';
import { hanFormsOf } from './han-forms.ts';
import { type Content, Html, cssString, html } from './html.ts';
import { nameOfParty } from './parties.html.ts';
import type { Texts } from './texts.ts';
import type { Writing } from './writing.ts';

/** Where paper is not A4. */
const LETTER_COUNTRIES = ['US', 'CA', 'MX', 'PH', 'CL', 'CO'];

export interface Page {
  /** What the document calls itself: `Tax invoice`. */
  readonly title: string;
  /** What stands below the title, each with its name. */
  readonly facts: readonly (readonly [term: string, value: string])[];
  readonly body: Content;
}

/** A document as a page of its own, ready to be printed: it refers to nothing outside. */
export function documentPage(content: DocumentContent, { title, facts, body }: Page, { texts }: Writing): string {
  const { seller, number } = content;
  const foot = `${nameOfParty(seller)}  ·  ${title} ${number}`;
  const page = html`${fontsForFoot(foot + texts.t('page', { page: '', pages: '' }))}
    <header class="masthead">
      <h1>${title}</h1>
      ${sellerSign(content)}
    </header>
    <dl class="facts">
      ${facts.map(
        ([term, value]) =>
          html`<div>
            <dt dir="auto">${term}</dt>
            <dd dir="auto">${value}</dd>
          </div>`,
      )}
    </dl>
    ${body}`;
  const fonts = fontsFor(page.markup, hanFormsOf(content, page.markup));
  const styles = documentStyles({
    paper: LETTER_COUNTRIES.includes(seller.country ?? '') ? 'letter' : 'A4',
    foot: cssString(foot),
    page: pageCounter(texts),
    families: fonts.families,
  });
  return html`<!doctype html>
    <html lang="${texts.locale}">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
        />
        <title>${title} ${number}</title>
        <style>
          ${new Html(fonts.faces)}
          ${new Html(styles)}
        </style>
      </head>
      <body>
        ${page}
      </body>
    </html>`.markup;
}

function sellerSign({ logo, seller }: DocumentContent): Html {
  const name = nameOfParty(seller);
  return logo
    ? html`<img class="logo" src="${logo}" alt="${name}" />`
    : html`<p class="wordmark" dir="auto">${name}</p>`;
}

/** Margins are written when the page is printed, which is too late to load a font that nothing else has asked for. */
function fontsForFoot(foot: string): Html {
  return html`<div class="unseen" aria-hidden="true">${foot}</div>`;
}

/** The text "Page x of y" as the style sheet says it, where only the browser knows the numbers. */
function pageCounter({ t }: Texts): string {
  const counters: Record<string, string> = { '{page}': 'counter(page)', '{pages}': 'counter(pages)' };
  return t('page', { page: '{page}', pages: '{pages}' })
    .split(/(\{pages?\})/)
    .filter((part) => part !== '')
    .map((part) => counters[part] ?? cssString(part))
    .join(' ');
}
