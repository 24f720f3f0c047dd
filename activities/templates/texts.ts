import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInstance } from 'i18next';
import type english from './locales/en.json';

/** A key of the English texts; plural forms go by the key without their category. */
export type TextKey = keyof typeof english | 'days';

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

export interface Texts {
  /** The language these texts are in: not the one asked for, when that has none. */
  readonly locale: string;
  readonly t: Translate;
}

const FALLBACK = 'en';
const FOLDER = join(import.meta.dirname, 'locales');

/** One file a language: a new file is a new language. */
export const translatedLocales: readonly string[] = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

const i18n = createInstance({
  fallbackLng: FALLBACK,
  // Texts are escaped when they are put into a page, and not before.
  interpolation: { escapeValue: false },
  keySeparator: false,
  nsSeparator: false,
  initAsync: false,
  resources: Object.fromEntries(
    translatedLocales.map((locale) => [
      locale,
      { translation: JSON.parse(readFileSync(join(FOLDER, `${locale}.json`), 'utf8')) as Record<string, string> },
    ]),
  ),
});
void i18n.init();

/** `pt-BR`, else `pt`, else English. */
export function textsIn(wanted: string): Texts {
  const language = wanted.split('-')[0]!;
  const locale = [wanted, language].find((one) => translatedLocales.includes(one)) ?? FALLBACK;
  const translate = i18n.getFixedT(locale);
  return { locale, t: (key, values) => translate(key, { ...values }) };
}
