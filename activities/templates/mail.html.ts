import type { CreditNoteContent } from './credit-note-content.ts';
import type { DocumentContent } from './document-content.ts';
import { type Html, html } from './html.ts';
import type { InvoiceContent } from './invoice-content.ts';
import { titleOf } from './invoice.html.ts';
import { nameOfParty } from './parties.html.ts';
import { type Writing, writingOf } from './writing.ts';

/** A mail that a document goes with: programs that read mail know tables and inline styles, and little else. */
export interface DocumentMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** Where the seller's logo can be fetched: few mail programs show what is inside a page. */
type Pictures = { readonly logo_url: string | null };

export function invoiceMail(content: InvoiceContent, pictures: Pictures): DocumentMail {
  const writing = writingOf(content);
  const { format, texts } = writing;
  const { t } = texts;
  return composeMail(content, pictures, writing, {
    subject: t('invoice_mail_subject', { name: nameOfParty(content.seller), number: content.number }),
    title: t(titleOf(content)),
    amount: [t('total_due'), format.money(content.total_amount_cents)],
    facts: [
      [t('number'), content.number],
      [t('issuing_date'), format.date(content.issuing_date)],
      [t('due_date'), format.date(content.payment_due_date)],
    ],
  });
}

export function creditNoteMail(content: CreditNoteContent, pictures: Pictures): DocumentMail {
  const writing = writingOf(content);
  const { format, texts } = writing;
  const { t } = texts;
  return composeMail(content, pictures, writing, {
    subject: t('credit_note_mail_subject', { name: nameOfParty(content.seller), number: content.number }),
    title: t('credit_note'),
    amount: [t('total_credited'), format.money(content.total_amount_cents)],
    facts: [
      [t('credit_note_number'), content.number],
      [t('credited_on'), format.date(content.issuing_date)],
      [t('of_invoice'), content.invoice_number],
    ],
  });
}

type Fact = readonly [term: string, value: string];

interface Message {
  readonly subject: string;
  readonly title: string;
  readonly amount: Fact;
  readonly facts: readonly Fact[];
}

const FONT = 'font-family: Inter, Helvetica, Arial, sans-serif;';
const GREY = 'color: #6b7078;';

function composeMail(
  { seller }: DocumentContent,
  { logo_url }: Pictures,
  { texts }: Writing,
  { subject, title, amount, facts }: Message,
): DocumentMail {
  const name = nameOfParty(seller);
  const page = html`<!doctype html>
    <html lang="${texts.locale}">
      <head>
        <meta charset="utf-8" />
        <title>${subject}</title>
      </head>
      <body style="margin: 0; padding: 24px; background: #f4f4f2;">
        <table
          role="presentation"
          width="100%"
          cellpadding="0"
          cellspacing="0"
          style="max-width: 560px; margin: 0 auto; background: #ffffff; border-radius: 6px; ${FONT} font-size: 14px; line-height: 20px; color: #17191c;"
        >
          <tr>
            <td colspan="2" dir="auto" style="padding: 24px 28px 0; font-weight: 600;">
              ${sellerSign(name, logo_url)}
            </td>
          </tr>
          <tr>
            <td colspan="2" style="padding: 20px 28px 0; ${GREY}">${title} · ${amount[0]}</td>
          </tr>
          <tr>
            <td colspan="2" style="padding: 2px 28px 16px; font-size: 28px; line-height: 36px; font-weight: 600;">
              ${amount[1]}
            </td>
          </tr>
          ${facts.map(
            ([term, value]) =>
              html`<tr>
                <td style="padding: 8px 0 8px 28px; border-top: 1px solid #dfe0e2; ${GREY}">${term}</td>
                <td align="right" style="padding: 8px 28px 8px 0; border-top: 1px solid #dfe0e2;">${value}</td>
              </tr>`,
          )}
          <tr>
            <td colspan="2" dir="auto" style="padding: 16px 28px 24px; font-size: 12px; ${GREY}">
              ${[name, seller.email].filter(Boolean).join(' · ')}
            </td>
          </tr>
        </table>
      </body>
    </html>`.markup;
  const text = [title, ...[amount, ...facts].map((fact) => fact.join(': ')), '', name].join('\n');
  return { subject, html: page, text };
}

function sellerSign(name: string, logo_url: string | null): Html | string {
  return logo_url ? html`<img src="${logo_url}" alt="${name}" height="40" style="max-height: 40px;" />` : name;
}
