import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of a font: some of its characters, in one weight or in all. */
interface Face {
  readonly family: string;
  /** Its rule, but for the font itself. */
  readonly rule: string;
  readonly file: string;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

const WEIGHTS = [400, 600];

/** Inter is what documents are set in. The others are for the scripts that it has not. */
const LATIN = readFaces(WEIGHTS.map((weight) => `@fontsource/inter/${weight}.css`));
const HAN = {
  'zh-Hans': readFaces(['@fontsource-variable/noto-sans-sc/wght.css']),
  'zh-Hant': readFaces(['@fontsource-variable/noto-sans-tc/wght.css']),
  ja: readFaces(['@fontsource-variable/noto-sans-jp/wght.css']),
  ko: readFaces(['@fontsource-variable/noto-sans-kr/wght.css']),
};
const OTHERS = ['arabic', 'hebrew', 'thai', 'devanagari'].flatMap((script) =>
  readFaces(WEIGHTS.map((weight) => `@fontsource/noto-sans-${script}/${weight}.css`)),
);

/** Whose forms the characters that East Asia shares are shown in. */
export type HanForms = keyof typeof HAN;

export interface Fonts {
  /** Rules with the fonts inside: documents look the same wherever they are made, and no page has to fetch anything. */
  readonly faces: string;
  /** For `font-family`. */
  readonly families: string;
}

/** What a text needs of the fonts. Of those for large scripts that is a small part, and of most documents only Inter. */
export function fontsFor(text: string, han: HanForms): Fonts {
  const known = [...LATIN, ...OTHERS, ...HAN[han], ...Object.values(HAN).flat()];
  const needed = new Set(facesOf('A'.codePointAt(0)!, known));
  for (const character of new Set(text.match(/[^\0-\xff]/gu)))
    for (const face of facesOf(character.codePointAt(0)!, known)) needed.add(face);
  const families = new Set([...needed].map(({ family }) => family));
  return {
    faces: [...needed].map(inlined).join('\n'),
    families: [...[...families].map((family) => `'${family}'`), 'sans-serif'].join(', '),
  };
}

/** Those of the first family that has it, one for each weight. */
function facesOf(code: number, known: readonly Face[]): Face[] {
  const having = known.filter(({ ranges }) => ranges.some(([first, last]) => first <= code && code <= last));
  return having.filter(({ family }) => family === having[0]!.family);
}

const rules = new Map<Face, string>();

/** The large ones are read when a text needs them first. */
function inlined(face: Face): string {
  const known = rules.get(face);
  if (known !== undefined) return known;
  const font = readFileSync(face.file).toString('base64');
  const rule = `@font-face {${face.rule} src: url(data:font/woff2;base64,${font}) format('woff2'); }`;
  rules.set(face, rule);
  return rule;
}

function readFaces(sheets: readonly string[]): Face[] {
  return sheets.flatMap((sheet) => {
    const path = fileURLToPath(import.meta.resolve(sheet));
    return [...readFileSync(path, 'utf8').matchAll(/@font-face \{([^}]*)\}/g)].map(([, rule = '']) => ({
      family: /font-family: '([^']+)'/.exec(rule)![1]!,
      rule: rule.replace(/src:[^;]*;/, ''),
      file: join(dirname(path), /url\(\.\/([^)]+\.woff2)\)/.exec(rule)![1]!),
      ranges: readRanges(/unicode-range: ([^;]*);/.exec(rule)?.[1] ?? ''),
    }));
  });
}

/** From `U+0000-00FF, U+0131`. */
function readRanges(text: string): [number, number][] {
  return [...text.matchAll(/U\+([0-9A-F]+)(?:-([0-9A-F]+))?/gi)].map(([, first = '', last = first]) => [
    Number.parseInt(first, 16),
    Number.parseInt(last, 16),
  ]);
}
