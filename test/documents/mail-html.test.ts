import assert from 'node:assert/strict';
import { creditNoteMail, invoiceMail } from '../../activities/templates/mail.html.ts';
import { locales } from '../../billing/customers/locales.ts';
import { sampleCreditNote, sampleInvoice } from './invoice-samples.ts';
import { textOfPage } from './page-text.ts';

const pictures = { logo_url: null };

describe('the mail of a document', () => {
  it('says what an invoice comes to and when it is due, as a page and as text', () => {
    const { subject, html, text } = invoiceMail(sampleInvoice(), pictures);
    assert.equal(subject, 'Your Invoice from Altitude Logiciels SAS #ALT-8C21-004-012');
    assert.match(
      textOfPage(html),
      /Invoice · Total due €780\.70 Invoice number ALT-8C21-004-012 Issue date March 1, 2026 Due date March 31, 2026/,
    );
    assert.match(text, /^Invoice\nTotal due: €780\.70\nInvoice number: ALT-8C21-004-012\n/);
  });

  it('says what a credit note gives back', () => {
    const { subject, html } = creditNoteMail(sampleCreditNote({ locale: 'fr' }), pictures);
    assert.equal(subject, 'Votre avoir de Altitude Logiciels SAS n° ALT-8C21-004-012-CN001');
    assert.match(textOfPage(html), /Avoir · Total de l’avoir 72,00 €/);
  });

  it('is read without a style sheet, a font or a script, and fetches the logo only', () => {
    const { html } = invoiceMail(sampleInvoice(), { logo_url: 'https://billing.example/logos/1/logo.png?a=1&b=2' });
    assert.doesNotMatch(html, /<style|<link|<script|@font-face|display:|data:/);
    assert.deepEqual(
      [...html.matchAll(/https?:[^"]*/g)].map(([url]) => url),
      ['https://billing.example/logos/1/logo.png?a=1&amp;b=2'],
    );
  });

  it('shows every text from outside as text', () => {
    const seller = { ...sampleInvoice().seller, legal_name: '<script>"\'&' };
    const { subject, html } = invoiceMail(sampleInvoice({ seller }), pictures);
    assert.ok(subject.includes('<script>'));
    assert.ok(!html.includes('<script'));
  });

  for (const locale of locales)
    it(`is written in ${locale}`, () => {
      for (const mail of [
        invoiceMail(sampleInvoice({ locale }), pictures),
        creditNoteMail(sampleCreditNote({ locale }), pictures),
      ])
        // prettier-ignore
        assert.doesNotMatch(mail.text + mail.subject, /\b[a-z]+_[a-z_]+\b/, 'every text has been found');
    });
});
