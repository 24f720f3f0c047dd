import { reverseChargeCode, taxExemptCode } from '../../billing/taxes/eu/assign.ts';
import type { Cents } from '../../billing/money/cents.ts';
import { Decimal } from '../../billing/money/decimal.ts';
import type { DocumentContent } from './document-content.ts';
import { type Html, html } from './html.ts';
import type { Writing } from './writing.ts';

/** A line of the totals, as it is written. */
export type Sum = readonly [label: string, amount: string];

export interface Closing {
  readonly sums: readonly Sum[];
  readonly total: Sum;
  /** What becomes of the total. */
  readonly uses?: readonly Sum[];
  /** Sentences below the totals. */
  readonly notes: readonly string[];
}

const PRODUCT = 'Perennial';

/** The totals and what stands below them. */
export function closing({ sums, total, uses = [], notes }: Closing, content: DocumentContent, writing: Writing): Html {
  const { t } = writing.texts;
  const row = ([label, amount]: Sum, kind: string): Html =>
    html`<tr class="${kind}">
      <th scope="row" dir="auto">${label}</th>
      <td class="figure">${amount}</td>
    </tr>`;
  return html`<section class="closing">
    <table class="totals">
      <tbody>
        ${sums.map((sum) => row(sum, 'sum'))} ${row(total, 'total')} ${uses.map((use) => row(use, 'use'))}
      </tbody>
    </table>
    ${[...taxNotes(content, writing), ...notes].map((note) => html`<p class="sentence">${note}</p>`)}
    ${content.footer && html`<p class="footer" dir="auto">${content.footer}</p>`}
    <p class="maker">${t('powered_by', { product: PRODUCT })}</p>
  </section>`;
}

/** Nothing where there is nothing to deduct. */
export function deduction(label: string, cents: Cents, { format }: Writing): Sum[] {
  return cents === 0 ? [] : [[label, format.money(-cents)]];
}

/** The highest rate first. */
export function taxSums({ taxes }: DocumentContent, { format, texts: { t } }: Writing): Sum[] {
  if (taxes.length === 0) return [[t('no_tax', { rate: format.rate('0') }), format.money(0)]];
  return [...taxes]
    .sort((a, b) => new Decimal(b.tax_rate).comparedTo(a.tax_rate))
    .map(({ tax_name, tax_rate, amount_cents, base_amount_cents }) => [
      t('tax_on', { name: tax_name, rate: format.rate(tax_rate), base: format.money(base_amount_cents) }),
      format.money(amount_cents),
    ]);
}

/** Why a seller in the European Union asks for no tax. French law has words of its own. */
function taxNotes({ taxes, seller }: DocumentContent, { texts: { t } }: Writing): string[] {
  const has = (code: string): boolean => taxes.some(({ tax_code }) => tax_code === code);
  return [
    ...(has(reverseChargeCode) ? [t('reverse_charge')] : []),
    ...(has(taxExemptCode) ? [t(seller.country === 'FR' ? 'tax_exempt_fr' : 'tax_exempt')] : []),
  ];
}
