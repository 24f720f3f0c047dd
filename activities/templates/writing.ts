import type { DocumentContent } from './document-content.ts';
import { type Format, createFormat } from './format.ts';
import { type Texts, textsIn } from './texts.ts';

/** The words and the figures of a document. */
export interface Writing {
  readonly format: Format;
  readonly texts: Texts;
}

export function writingOf({
  locale,
  currency,
  timezone,
}: Pick<DocumentContent, 'locale' | 'currency' | 'timezone'>): Writing {
  const texts = textsIn(locale);
  return { texts, format: createFormat({ locale: texts.locale, currency, timezone }) };
}
