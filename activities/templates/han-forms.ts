import type { DocumentContent } from './document-content.ts';
import type { HanForms } from './fonts.ts';

const FORMS_OF_COUNTRIES: Readonly<Record<string, HanForms>> = {
  JP: 'ja',
  KR: 'ko',
  TW: 'zh-Hant',
  HK: 'zh-Hant',
  MO: 'zh-Hant',
};

/** By the language of a document, then by the scripts that are in it, then by where its parties are. */
export function hanFormsOf({ locale, seller, buyer }: DocumentContent, text: string): HanForms {
  if (locale === 'zh-TW') return 'zh-Hant';
  if (/\p{Script=Hiragana}|\p{Script=Katakana}/u.test(text)) return 'ja';
  if (/\p{Script=Hangul}/u.test(text)) return 'ko';
  return FORMS_OF_COUNTRIES[buyer.country ?? ''] ?? FORMS_OF_COUNTRIES[seller.country ?? ''] ?? 'zh-Hans';
}
