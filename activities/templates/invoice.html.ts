import { closing, deduction, taxSums } from './closing.html.ts';
import { type Html, html } from './html.ts';
import { type InvoiceContent, type Section, arrangeSections, wholePeriod } from './invoice-content.ts';
import { linesTable } from './invoice-lines.html.ts';
import { documentPage } from './page.html.ts';
import { parties } from './parties.html.ts';
import type { TextKey } from './texts.ts';
import { type Writing, writingOf } from './writing.ts';

/** Where an invoice has to call itself a tax invoice, whatever its language. */
const TAX_INVOICE_COUNTRIES = ['AE', 'AU', 'ID', 'NZ', 'SG'];

export function invoiceHtml(content: InvoiceContent): string {
  const writing = writingOf(content);
  const sections = arrangeSections(content);
  const body = [
    parties(content, writing),
    totalDue(content, writing),
    sections.length > 1
      ? summarized(content, sections, writing)
      : [linesTable(sections, writing), totals(content, writing)],
  ];
  return documentPage(
    content,
    { title: writing.texts.t(titleOf(content)), facts: factsOf(content, writing), body },
    writing,
  );
}

export function titleOf({ invoice_type, seller }: InvoiceContent): TextKey {
  const isTaxInvoice = TAX_INVOICE_COUNTRIES.includes(seller.country ?? '');
  if (invoice_type === 'credit') return 'advance_invoice';
  if (invoice_type === 'advance_charges') return isTaxInvoice ? 'paid_tax_invoice' : 'paid_invoice';
  return isTaxInvoice ? 'tax_invoice' : 'invoice';
}

function factsOf(content: InvoiceContent, { format, texts: { t } }: Writing): (readonly [string, string])[] {
  const { net_payment_term, buyer } = content;
  const period = wholePeriod(content.lines);
  return [
    [t('number'), content.number],
    [t('issuing_date'), format.date(content.issuing_date)],
    ...(period ? [[t('period'), format.period(period)] as const] : []),
    [t('payment_term'), net_payment_term === 0 ? t('on_receipt') : t('days', { count: net_payment_term })],
    ...buyer.metadata.map(({ key, value }) => [key, value] as const),
  ];
}

function totalDue({ total_amount_cents, payment_due_date }: InvoiceContent, { format, texts: { t } }: Writing): Html {
  return html`<section class="due">
    <div>
      <h2>${t('total_due')}</h2>
      <p class="total">${format.money(total_amount_cents)}</p>
    </div>
    <div>
      <h2>${t('due_date')}</h2>
      <p class="date">${format.date(payment_due_date)}</p>
    </div>
  </section>`;
}

/** Of several subscriptions the first page says what each costs in all; their lines follow. */
function summarized(content: InvoiceContent, sections: readonly Section[], writing: Writing): Html {
  const { format, texts } = writing;
  return html`<table class="lines">
      <thead>
        <tr>
          <th scope="col">${texts.t('summary')}</th>
          <th scope="col" class="figure">${texts.t('period')}</th>
          <th scope="col" class="figure">${texts.t('amount')}</th>
        </tr>
      </thead>
      <tbody>
        ${sections.map(
          ({ name, period, amount_cents }) =>
            html`<tr class="line">
              <th scope="row" dir="auto">${name ?? texts.t('other_items')}</th>
              <td class="figure">${period && format.period(period)}</td>
              <td class="figure">${format.money(amount_cents)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${totals(content, writing)}
    <h2 class="details">${texts.t('details')}</h2>
    ${linesTable(sections, writing)}`;
}

function totals(content: InvoiceContent, writing: Writing): Html {
  const { format, texts } = writing;
  const { t } = texts;
  const { threshold } = content;
  const sums = [
    ...deduction(t('usage_already_billed'), content.progressive_billing_credit_amount_cents, writing),
    ...content.coupons.flatMap(({ name, amount_cents }) => deduction(t('coupon', { name }), amount_cents, writing)),
    [t('subtotal_excluding_tax'), format.money(content.sub_total_excluding_taxes_amount_cents)] as const,
    ...taxSums(content, writing),
    [t('subtotal_including_tax'), format.money(content.sub_total_including_taxes_amount_cents)] as const,
    ...deduction(t('credit_notes'), content.credit_notes_amount_cents, writing),
    ...deduction(t('prepaid_credits_used'), content.prepaid_credit_amount_cents, writing),
  ];
  const notes = threshold
    ? [
        t('threshold_reached', {
          usage: format.money(threshold.usage_amount_cents),
          threshold: format.money(threshold.threshold_amount_cents),
        }),
      ]
    : [];
  return closing({ sums, total: [t('total'), format.money(content.total_amount_cents)], notes }, content, writing);
}
