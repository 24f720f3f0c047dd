import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

export interface ReadPdf {
  /** The text of each page, blanks of all kinds made plain. */
  readonly pages: readonly string[];
  readonly title: string | undefined;
  readonly language: string | null;
  /** In points. */
  readonly size: readonly [width: number, height: number];
  readonly fonts: readonly string[];
}

export async function readPdf(content: Uint8Array): Promise<ReadPdf> {
  const task = getDocument({ data: new Uint8Array(content), verbosity: 0 });
  const pdf = await task.promise;
  const pages: string[] = [];
  const fonts = new Set<string>();
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    await page.getOperatorList();
    const { items } = await page.getTextContent();
    for (const item of items)
      if ('fontName' in item) fonts.add((page.commonObjs.get(item.fontName) as { name: string }).name);
    pages.push(
      items
        .map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
        .join('')
        .replace(/\s+/g, ' '),
    );
  }
  const info = (await pdf.getMetadata()).info as { Title?: string; Language: string | null };
  const [, , width = 0, height = 0] = (await pdf.getPage(1)).view;
  await task.destroy();
  return {
    pages,
    title: info.Title,
    language: info.Language,
    size: [Math.round(width), Math.round(height)],
    fonts: [...fonts],
  };
}
