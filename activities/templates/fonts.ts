import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEIGHTS = [400, 600];

/** Inter, inside the page: documents look the same wherever they are made, and no page has to fetch anything. */
export const fontFaces: string = WEIGHTS.map((weight) => {
  const path = fileURLToPath(import.meta.resolve(`@fontsource/inter/${weight}.css`));
  return readFileSync(path, 'utf8').replace(/src: url\(\.\/([^)]+\.woff2)\)[^;]*;/g, (_, file: string) => {
    const font = readFileSync(join(dirname(path), file)).toString('base64');
    return `src: url(data:font/woff2;base64,${font}) format('woff2');`;
  });
}).join('\n');
