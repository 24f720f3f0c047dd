export interface StyleValues {
  readonly paper: 'A4' | 'letter';
  /** CSS `content` of the margins: what the page belongs to, and its number. */
  readonly foot: string;
  readonly page: string;
  /** CSS `font-family`. */
  readonly families: string;
}

/** One ink, one grey, hairlines. Weight and space do the rest. */
export const documentStyles = ({ paper, foot, page, families }: StyleValues): string => `
@page {
  size: ${paper};
  margin: 15mm 18mm 18mm;
  @bottom-left { content: ${foot}; font: 7.5pt/1 ${families}; color: #6b7078; width: 70%; text-align: left; white-space: nowrap; overflow: hidden; }
  @bottom-right { content: ${page}; font: 7.5pt/1 ${families}; color: #6b7078; width: 30%; text-align: right; }
}
* { box-sizing: border-box; margin: 0; padding: 0; }
html { font: 9pt/1.42 ${families}; color: #17191c; }
body { -webkit-print-color-adjust: exact; overflow-wrap: anywhere; }

.unseen { position: absolute; visibility: hidden; }

.masthead { display: flex; justify-content: space-between; align-items: baseline; gap: 12mm; }
h1 { font-size: 23pt; font-weight: 600; line-height: 1.1; letter-spacing: -0.022em; white-space: nowrap; }
.wordmark { font-size: 11pt; font-weight: 600; letter-spacing: -0.01em; text-align: right; }
.logo { max-width: 60mm; max-height: 18mm; object-fit: contain; align-self: center; }
h2, dt, thead th { font-size: 7.5pt; font-weight: 400; line-height: 1.4; color: #6b7078; }

.facts { display: grid; grid-template-columns: repeat(4, auto); justify-content: space-between; gap: 3mm 8mm; margin-top: 6mm; padding-top: 3mm; border-top: 0.5pt solid #17191c; }
.facts dd { margin-top: 0.4mm; }
/* Lines of a column stay in it, whichever way their script runs. */
.facts dt, .facts dd, .parties p { text-align: left; }

.parties { display: flex; gap: 10mm; margin-top: 7mm; }
.parties > div { flex: 1 1 0; }
.parties h2 { margin-bottom: 1mm; }
.parties p { color: #454a52; }
.parties .name { font-weight: 600; color: #17191c; }

.due { display: flex; justify-content: space-between; align-items: last baseline; margin-top: 7mm; padding: 3.2mm 5mm 3.6mm; background: #f4f4f2; border-radius: 1.5mm; break-inside: avoid; }
.due .total { font-size: 19pt; font-weight: 600; line-height: 1.2; letter-spacing: -0.02em; }
.due .date { font-size: 11pt; font-weight: 600; letter-spacing: -0.01em; }
.due > div + div { text-align: right; }

table { width: 100%; border-collapse: collapse; }
.figure { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; padding-left: 5mm; }
.lines { margin-top: 7mm; }
.lines thead th { padding-bottom: 1.6mm; border-bottom: 0.5pt solid #17191c; text-align: left; vertical-align: bottom; }
.lines thead th.figure { font-variant-numeric: tabular-nums; text-align: right; }
.lines th, .lines td { vertical-align: top; }
tbody th { font-weight: 400; text-align: left; }
tr { break-inside: avoid; }
.section { break-after: avoid; }
.section th, .section td { padding-top: 3.6mm; padding-bottom: 1.2mm; font-weight: 600; }
.section .period { margin-left: 2.5mm; font-weight: 400; color: #6b7078; }
tr.period { break-after: avoid; }
tr.period th { padding: 1.6mm 0 0; font-size: 8pt; color: #6b7078; }
.line th, .line td { padding-top: 1.4mm; padding-bottom: 1.4mm; border-bottom: 0.4pt solid #dfe0e2; }
.line .note { font-size: 8pt; color: #6b7078; }
.detailed th, .detailed td { border-bottom: 0; padding-bottom: 0.4mm; }
.detailed { break-after: avoid; }
.detail th, .detail td { font-size: 8pt; color: #6b7078; padding-bottom: 0.3mm; }
.detail th { padding-left: 4mm; }
.detail.last th, .detail.last td { padding-bottom: 1.5mm; border-bottom: 0.4pt solid #dfe0e2; }
.detail:not(.last) { break-after: avoid; }

/* Totals never stand alone on a page: the last line goes with them. */
.lines tbody:last-child tr:last-child { break-after: avoid; }
.lines:has(+ .closing) { break-after: avoid; }
.closing { break-inside: avoid; break-before: avoid; }
.totals { width: 58%; margin: 3mm 0 0 auto; }
.totals th, .totals td { padding: 0.8mm 0; vertical-align: top; }
.totals th { color: #454a52; }
.totals .total th, .totals .total td { padding-top: 2mm; font-size: 11pt; font-weight: 600; color: #17191c; letter-spacing: -0.01em; }
.totals .sum:has(+ .total) th, .totals .sum:has(+ .total) td { padding-bottom: 2mm; border-bottom: 0.5pt solid #17191c; }
.totals .use th, .totals .use td { font-size: 8pt; color: #6b7078; padding: 0.4mm 0; }
.remark { margin-top: 5mm; white-space: pre-line; }
.sentence { margin-top: 4mm; font-size: 8pt; color: #454a52; }
.totals + .sentence { margin-top: 7mm; }
.maker { margin-top: 4mm; font-size: 7.5pt; color: #6b7078; }
.footer { margin-top: 7mm; font-size: 8pt; color: #6b7078; white-space: pre-line; }

h2.details { break-before: page; font-size: 13pt; font-weight: 600; letter-spacing: -0.012em; color: #17191c; }
.details + .lines { margin-top: 5mm; }
`;
