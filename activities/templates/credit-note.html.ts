import { type Sum, closing, deduction, taxSums } from './closing.html.ts';
import type { CreditNoteContent } from './credit-note-content.ts';
import { type Html, html } from './html.ts';
import { arrangeSections } from './invoice-content.ts';
import { amountsTable } from './invoice-lines.html.ts';
import { documentPage } from './page.html.ts';
import { parties } from './parties.html.ts';
import { type Writing, writingOf } from './writing.ts';

export function creditNoteHtml(content: CreditNoteContent): string {
  const writing = writingOf(content);
  const { t } = writing.texts;
  const body = [
    parties(content, writing),
    whatIsCredited(content, writing),
    content.description && html`<p class="remark" dir="auto">${content.description}</p>`,
    amountsTable(arrangeSections(content), writing),
    totals(content, writing),
  ];
  return documentPage(content, { title: t('credit_note'), facts: factsOf(content, writing), body }, writing);
}

function factsOf(content: CreditNoteContent, { format, texts: { t } }: Writing): (readonly [string, string])[] {
  return [
    [t('credit_note_number'), content.number],
    [t('credited_on'), format.date(content.issuing_date)],
    [t('of_invoice'), content.invoice_number],
    ...content.buyer.metadata.map(({ key, value }) => [key, value] as const),
  ];
}

function whatIsCredited({ total_amount_cents }: CreditNoteContent, { format, texts: { t } }: Writing): Html {
  return html`<section class="due">
    <div>
      <h2>${t('total_credited')}</h2>
      <p class="total">${format.money(total_amount_cents)}</p>
    </div>
  </section>`;
}

function totals(content: CreditNoteContent, writing: Writing): Html {
  const { format, texts } = writing;
  const { t } = texts;
  const used = (label: string, cents: number): Sum[] => (cents === 0 ? [] : [[label, format.money(cents)]]);
  return closing(
    {
      sums: [
        ...deduction(t('coupons_adjustment'), content.coupons_adjustment_amount_cents, writing),
        [t('subtotal_excluding_tax'), format.money(content.sub_total_excluding_taxes_amount_cents)],
        ...taxSums(content, writing),
      ],
      total: [t('total'), format.money(content.total_amount_cents)],
      uses: [
        ...used(t('credited'), content.credit_amount_cents),
        ...used(t('refunded'), content.refund_amount_cents),
        ...used(t('offset'), content.offset_amount_cents),
      ],
      notes: [],
    },
    content,
    writing,
  );
}
