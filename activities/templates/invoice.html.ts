import { Decimal } from '../../billing/money/decimal.ts';
import { fontFaces } from './fonts.ts';
import { type Format, createFormat } from './format.ts';
import { Html, cssString, html } from './html.ts';
import {
  type Address,
  type Buyer,
  type InvoiceContent,
  type Party,
  type Section,
  arrangeSections,
  wholePeriod,
} from './invoice-content.ts';
import { linesTable } from './invoice-lines.html.ts';
import { invoiceStyles } from './invoice.css.ts';
import { type TextKey, type Texts, textsIn } from './texts.ts';

interface Writing {
  readonly format: Format;
  readonly texts: Texts;
}

/** Where an invoice has to call itself a tax invoice, whatever its language. */
const TAX_INVOICE_COUNTRIES = ['AE', 'AU', 'ID', 'NZ', 'SG'];
/** Where paper is not A4. */
const LETTER_COUNTRIES = ['US', 'CA', 'MX', 'PH', 'CL', 'CO'];
/** Where the postal code stands after the city. */
const CITY_FIRST_COUNTRIES = [
  'US',
  'CA',
  'AU',
  'NZ',
  'GB',
  'IE',
  'IN',
  'SG',
  'JP',
  'CN',
  'KR',
  'TW',
  'HK',
  'ID',
  'TH',
  'BR',
];

/** The invoice as a page of its own, ready to be printed: it refers to nothing outside. */
export function invoiceHtml(content: InvoiceContent): string {
  const texts = textsIn(content.locale);
  const { currency, timezone, seller, number } = content;
  const writing: Writing = { texts, format: createFormat({ locale: texts.locale, currency, timezone }) };
  const title = texts.t(titleOf(content));
  const sections = arrangeSections(content);
  const foot = `${nameOfParty(seller)}  ·  ${title} ${number}`;
  const styles = invoiceStyles({
    paper: LETTER_COUNTRIES.includes(seller.country ?? '') ? 'letter' : 'A4',
    foot: cssString(foot),
    page: pageCounter(texts),
  });
  return html`<!doctype html>
    <html lang="${texts.locale}">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; font-src data:"
        />
        <title>${title} ${number}</title>
        <style>
          ${new Html(fontFaces)}
          ${new Html(styles)}
        </style>
      </head>
      <body>
        ${fontsForFoot(foot)} ${masthead(content, title, writing)} ${parties(content, writing)}
        ${totalDue(content, writing)}
        ${sections.length > 1 ? summarized(content, sections, writing) : [linesTable(sections, writing), totals(content, writing)]}
      </body>
    </html>`.markup;
}

/** Margins are written when the page is printed, which is too late to load a font that nothing else has asked for. */
function fontsForFoot(foot: string): Html {
  return html`<div class="unseen" aria-hidden="true">${foot}</div>`;
}

function titleOf({ invoice_type, seller }: InvoiceContent): TextKey {
  const isTaxInvoice = TAX_INVOICE_COUNTRIES.includes(seller.country ?? '');
  if (invoice_type === 'credit') return 'advance_invoice';
  if (invoice_type === 'advance_charges') return isTaxInvoice ? 'paid_tax_invoice' : 'paid_invoice';
  return isTaxInvoice ? 'tax_invoice' : 'invoice';
}

/** The text "Page x of y" as the style sheet says it, where only the browser knows the numbers. */
function pageCounter({ t }: Texts): string {
  const counters: Record<string, string> = { '{page}': 'counter(page)', '{pages}': 'counter(pages)' };
  return t('page', { page: '{page}', pages: '{pages}' })
    .split(/(\{pages?\})/)
    .filter((part) => part !== '')
    .map((part) => counters[part] ?? cssString(part))
    .join(' ');
}

function masthead(content: InvoiceContent, title: string, { format, texts: { t } }: Writing): Html {
  const period = wholePeriod(content.lines);
  const facts: (readonly [string, string])[] = [
    [t('number'), content.number],
    [t('issuing_date'), format.date(content.issuing_date)],
    ...(period ? [[t('period'), format.period(period)] as const] : []),
    [
      t('payment_term'),
      content.net_payment_term === 0 ? t('on_receipt') : t('days', { count: content.net_payment_term }),
    ],
    ...content.buyer.metadata.map(({ key, value }) => [key, value] as const),
  ];
  return html`<header class="masthead">
      <h1>${title}</h1>
      <p class="wordmark" dir="auto">${nameOfParty(content.seller)}</p>
    </header>
    <dl class="facts">
      ${facts.map(
        ([term, value]) =>
          html`<div>
            <dt dir="auto">${term}</dt>
            <dd dir="auto">${value}</dd>
          </div>`,
      )}
    </dl>`;
}

function nameOfParty(party: Party): string {
  return party.legal_name || party.name || '';
}

function parties({ seller, buyer }: InvoiceContent, writing: Writing): Html {
  const { t } = writing.texts;
  const shipping = addressLines(buyer.shipping_address, writing.format);
  const isElsewhere = shipping.length > 0 && shipping.join('\n') !== addressLines(buyer, writing.format).join('\n');
  return html`<section class="parties">
    ${partyBlock(t('from'), nameOfParty(seller), [], seller, writing)}
    ${partyBlock(t('bill_to'), buyerName(buyer), personOf(buyer), buyer, writing)}
    ${
      isElsewhere &&
      html`<div>
        <h2>${t('ship_to')}</h2>
        ${lines(shipping)}
      </div>`
    }
  </section>`;
}

function buyerName(buyer: Buyer): string {
  return nameOfParty(buyer) || personName(buyer);
}

function personName({ firstname, lastname }: Buyer): string {
  return [firstname, lastname].filter(Boolean).join(' ');
}

function personOf(buyer: Buyer): string[] {
  const name = personName(buyer);
  return name !== '' && name !== buyerName(buyer) ? [name] : [];
}

function partyBlock(
  heading: string,
  name: string,
  person: readonly string[],
  party: Party,
  { format, texts: { t } }: Writing,
): Html {
  const { legal_number, tax_identification_number, email } = party;
  return html`<div>
    <h2>${heading}</h2>
    <p class="name" dir="auto">${name}</p>
    ${lines([
      ...person,
      ...addressLines(party, format),
      ...(email ? [email] : []),
      ...(legal_number ? [t('legal_number', { number: legal_number })] : []),
      ...(tax_identification_number ? [t('tax_id', { number: tax_identification_number })] : []),
    ])}
  </div>`;
}

function lines(texts: readonly string[]): Html[] {
  return texts.map((text) => html`<p dir="auto">${text}</p>`);
}

function addressLines(
  { address_line1, address_line2, city, state, zipcode, country }: Address,
  format: Format,
): string[] {
  const isCityFirst = CITY_FIRST_COUNTRIES.includes(country ?? '');
  const place = isCityFirst
    ? [[city, state].filter(Boolean).join(', '), zipcode].filter(Boolean).join(' ')
    : [[zipcode, city].filter(Boolean).join(' '), state].filter(Boolean).join(', ');
  return [address_line1, address_line2, place, country && format.country(country)].filter(
    (line) => typeof line === 'string' && line !== '',
  ) as string[];
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

function totals(content: InvoiceContent, { format, texts: { t } }: Writing): Html {
  const taxes = [...content.taxes].sort((a, b) => new Decimal(b.tax_rate).comparedTo(a.tax_rate));
  const deduction = (label: string, cents: number): [string, string][] =>
    cents === 0 ? [] : [[label, format.money(-cents)]];
  const sums: [string, string][] = [
    ...deduction(t('usage_already_billed'), content.progressive_billing_credit_amount_cents),
    ...content.coupons.flatMap(({ name, amount_cents }) => deduction(t('coupon', { name }), amount_cents)),
    [t('subtotal_excluding_tax'), format.money(content.sub_total_excluding_taxes_amount_cents)],
    ...taxes.map(({ tax_name, tax_rate, amount_cents, fees_amount_cents }): [string, string] => [
      t('tax_on', { name: tax_name, rate: format.rate(tax_rate), base: format.money(fees_amount_cents) }),
      format.money(amount_cents),
    ]),
    ...(taxes.length === 0 ? [[t('no_tax', { rate: format.rate('0') }), format.money(0)] as [string, string]] : []),
    [t('subtotal_including_tax'), format.money(content.sub_total_including_taxes_amount_cents)],
    ...deduction(t('credit_notes'), content.credit_notes_amount_cents),
    ...deduction(t('prepaid_credits_used'), content.prepaid_credit_amount_cents),
  ];
  return html`<section class="closing">
    <table class="totals">
      <tbody>
        ${sums.map(
          ([label, amount]) =>
            html`<tr>
              <th scope="row" dir="auto">${label}</th>
              <td class="figure">${amount}</td>
            </tr>`,
        )}
        <tr class="total">
          <th scope="row">${t('total')}</th>
          <td class="figure">${format.money(content.total_amount_cents)}</td>
        </tr>
      </tbody>
    </table>
    ${content.footer && html`<p class="footer" dir="auto">${content.footer}</p>`}
  </section>`;
}
