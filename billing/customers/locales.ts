/** Languages of documents and mails; a missing translation falls back to English. */
export const locales = ['en', 'fr', 'de', 'es', 'it', 'nb', 'nl', 'sv', 'pt-BR', 'zh-TW'] as const;

export type Locale = (typeof locales)[number];

export function isLocale(text: string): text is Locale {
  return (locales as readonly string[]).includes(text);
}
