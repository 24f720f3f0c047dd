import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { locales } from '../../billing/customers/locales.ts';
import { cssString, html } from '../../activities/templates/html.ts';
import { type InvoiceContent, arrangeSections } from '../../activities/templates/invoice-content.ts';
import { invoiceHtml } from '../../activities/templates/invoice.html.ts';
import { textsIn, translatedLocales } from '../../activities/templates/texts.ts';
import { packageLine, sampleInvoice, sampleLine, subscriptionLine, volumeLine } from './invoice-samples.ts';
import { textOfPage } from './page-text.ts';

const textOf = (content: InvoiceContent): string => textOfPage(invoiceHtml(content));

const labelsOf = (content: InvoiceContent): string[] =>
  arrangeSections(content).flatMap(({ periods }) => periods.flatMap(({ lines }) => lines.map((line) => line.name)));

describe('the page of an invoice', () => {
  it('shows every text from outside as text', () => {
    const evil = `<img src=x onerror="alert('1')">&"'</style><script>`;
    const { buyer, seller } = sampleInvoice();
    const page = invoiceHtml(
      sampleInvoice({
        number: evil,
        footer: evil,
        seller: { ...seller, legal_name: evil, address_line1: evil, country: evil, email: evil, legal_number: evil },
        buyer: {
          ...buyer,
          legal_name: evil,
          city: evil,
          shipping_address: { city: evil },
          metadata: [{ key: evil, value: evil }],
        },
        subscriptions: [{ id: 'team', name: evil }],
        lines: [sampleLine({ name: evil, groups: [evil], description: evil })],
        taxes: [{ tax_code: evil, tax_name: evil, tax_rate: '20', amount_cents: 300, base_amount_cents: 1500 }],
      }),
    );
    assert.ok(!page.includes('<img'));
    assert.ok(!page.includes('<script'));
    assert.equal(page.split('</style>').length, 2, 'the style sheet ends once');
    assert.ok(page.includes('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;'));
  });

  for (const [locale, texts] of Object.entries({
    en: [
      'Invoice',
      'Issue date March 1, 2026',
      'Feb 1 – 28, 2026',
      '30 days',
      'Due date March 31, 2026',
      '€49.00',
      '1,200',
      '€0.0125',
      'TVA (20% on €650.58)',
      'Germany',
    ],
    fr: [
      'Facture',
      'Date d’émission 1 mars 2026',
      '1–28 févr. 2026',
      '30 jours',
      '31 mars 2026',
      '49,00 €',
      '1 200',
      '0,0125 €',
      'TVA (20 % sur 650,58 €)',
      'Allemagne',
    ],
    de: [
      'Rechnung',
      'Rechnungsdatum 1. März 2026',
      '1.–28. Feb. 2026',
      '30 Tage',
      '31. März 2026',
      '49,00 €',
      '1.200',
      '0,0125 €',
      'TVA (20 % auf 650,58 €)',
      'Deutschland',
    ],
    'fr-CH': ['Facture', '1 mars 2026'],
    es: ['Factura', 'Fecha de emisión 1 de marzo de 2026', '1–28 feb 2026', '30 días', '49,00 €', '12.480'],
    it: ['Fattura', 'Data di emissione 1 marzo 2026', '1–28 feb 2026', '30 giorni', '49,00 €', '12.480'],
    nb: ['Faktura', 'Fakturadato 1. mars 2026', '1.–28. feb. 2026', '30 dager', '49,00 €', '12 480'],
    nl: ['Factuur', 'Factuurdatum 1 maart 2026', '1–28 feb 2026', '30 dagen', '€ 49,00', '12.480'],
    sv: ['Faktura', 'Fakturadatum 1 mars 2026', '1–28 feb. 2026', '30 dagar', '49,00 €', '12 480'],
    'pt-BR': ['Fatura', 'Data de emissão 1 de março de 2026', '30 dias', '€ 49,00', '12.480'],
    'zh-TW': ['發票', '開立日期 2026年3月1日', '30 天', '€49.00', '12,480'],
    da: ['Invoice', 'March 1, 2026'],
  }))
    it(`is written in ${locale}`, () => {
      const text = textOf(sampleInvoice({ locale }));
      for (const expected of texts) assert.ok(text.includes(expected), `"${expected}" in: ${text}`);
    });

  for (const [currency, texts] of Object.entries({
    JPY: ['¥1,500', '¥0.0125'],
    EUR: ['€15.00', '€0.0125'],
    KWD: ['KWD 1.500', 'KWD 0.0125'],
  }))
    it(`writes ${currency} with the digits that it has`, () => {
      const text = textOf(sampleInvoice({ currency, lines: [sampleLine()] }));
      for (const expected of texts) assert.ok(text.includes(expected), `"${expected}" in: ${text}`);
    });

  it('writes amounts beyond the precision of a float exactly', () => {
    const text = textOf(
      sampleInvoice({
        lines: [
          sampleLine({
            units: '12345678901234567890.123456789',
            amount_cents: 9007199254740991,
            precise_unit_amount: '0.000000000123',
          }),
        ],
        taxes: [],
      }),
    );
    for (const expected of ['12,345,678,901,234,567,890.123456789', '€90,071,992,547,409.91', '€0.000000000123'])
      assert.ok(text.includes(expected), `"${expected}" in: ${text}`);
  });

  it('cuts a price that is a quotient, and no other', () => {
    const price = (precise_unit_amount: string): string =>
      textOf(sampleInvoice({ lines: [sampleLine({ precise_unit_amount })] }));
    assert.ok(price('3.333333333333333').includes('€3.333333 '));
    assert.ok(price('0.00000125').includes('€0.00000125 '));
  });

  for (const { country, invoice_type = 'subscription', title } of [
    { country: 'FR', title: 'Invoice' },
    { country: null, title: 'Invoice' },
    { country: 'AU', title: 'Tax invoice' },
    { country: 'AE', title: 'Tax invoice' },
    { country: 'ID', title: 'Tax invoice' },
    { country: 'NZ', title: 'Tax invoice' },
    { country: 'SG', title: 'Tax invoice' },
    { country: 'FR', invoice_type: 'credit', title: 'Advance invoice' },
    { country: 'FR', invoice_type: 'advance_charges', title: 'Paid invoice' },
    { country: 'AU', invoice_type: 'advance_charges', title: 'Paid tax invoice' },
  ] as const)
    it(`calls itself "${title}" when a seller in ${country} bills a ${invoice_type}`, () => {
      const page = invoiceHtml(sampleInvoice({ invoice_type, seller: { ...sampleInvoice().seller, country } }));
      assert.ok(page.includes(`<h1>${title}</h1>`));
    });

  it('lists taxes by descending rate, each with what it is on', () => {
    const tax = (tax_name: string, tax_rate: string) => ({
      tax_code: tax_name,
      tax_name,
      tax_rate,
      amount_cents: 100,
      base_amount_cents: 1000,
    });
    const text = textOf(sampleInvoice({ taxes: [tax('City', '1.25'), tax('State', '10'), tax('County', '9.5')] }));
    assert.match(text, /State \(10% on €10\.00\) .* County \(9\.5% on €10\.00\) .* City \(1\.25% on €10\.00\)/);
  });

  it('says that there is no tax', () => {
    assert.match(textOf(sampleInvoice({ taxes: [] })), /Tax \(0%\) €0\.00/);
  });

  it('is due on receipt when there is no payment term', () => {
    assert.match(textOf(sampleInvoice({ net_payment_term: 0 })), /Payment term Due on receipt/);
  });

  it('shows days as the timezone of the invoice has them', () => {
    const line = sampleLine({ from_at: '2026-02-01T00:00:00.000Z', to_at: '2026-03-01T00:00:00.000Z' });
    assert.match(textOf(sampleInvoice({ timezone: 'UTC', lines: [line] })), /Feb 1 – 28, 2026/);
    assert.match(textOf(sampleInvoice({ timezone: 'America/New_York', lines: [line] })), /Jan 31 – Feb 28, 2026/);
  });

  it('shows the shipping address only where it is another', () => {
    const { buyer } = sampleInvoice();
    const shippedTo = (shipping_address: object): string =>
      textOf(sampleInvoice({ buyer: { ...buyer, shipping_address } }));
    assert.ok(!shippedTo({}).includes('Ship to'));
    assert.ok(
      !shippedTo({
        address_line1: buyer.address_line1,
        address_line2: buyer.address_line2,
        zipcode: '20457',
        city: 'Hamburg',
        country: 'DE',
      }).includes('Ship to'),
    );
    assert.match(shippedTo({ city: 'Bremen', zipcode: '28195' }), /Ship to 28195 Bremen/);
  });

  it('names a buyer without a company by the person', () => {
    const buyer = { ...sampleInvoice().buyer, name: null, legal_name: null };
    assert.match(textOf(sampleInvoice({ buyer })), /Bill to Änne Größmann Speicherstraße/);
  });

  it('names a buyer by the company and the person', () => {
    assert.match(textOf(sampleInvoice()), /Bill to Nordlicht Verlag GmbH & Co. KG - Änne Größmann Speicherstraße/);
  });

  for (const { tax_code, country, locale, sentence } of [
    { tax_code: 'lago_eu_reverse_charge', country: 'DE', locale: 'en', sentence: /Reverse charge: .* 44 and 196/ },
    { tax_code: 'lago_eu_reverse_charge', country: 'FR', locale: 'fr', sentence: /Autoliquidation : / },
    { tax_code: 'lago_eu_tax_exempt', country: 'DE', locale: 'en', sentence: /Not subject to VAT: / },
    { tax_code: 'lago_eu_tax_exempt', country: 'FR', locale: 'en', sentence: /Article 259-1 .*CGI/ },
    {
      tax_code: 'lago_eu_tax_exempt',
      country: 'FR',
      locale: 'fr',
      sentence: /TVA non applicable – article 259-1 du CGI/,
    },
  ])
    it(`says why a seller in ${country} asks for no tax by ${tax_code}, in ${locale}`, () => {
      const seller = { ...sampleInvoice().seller, country };
      const tax = { tax_code, tax_name: 'Generated', tax_rate: '0', amount_cents: 0, base_amount_cents: 1500 };
      assert.match(textOf(sampleInvoice({ locale, seller, taxes: [tax] })), sentence);
      assert.doesNotMatch(textOf(sampleInvoice({ locale, seller })), sentence);
    });

  it('says which threshold made it come early', () => {
    const threshold = { usage_amount_cents: 12345, threshold_amount_cents: 10000 };
    assert.match(
      textOf(sampleInvoice({ threshold })),
      /usage has reached €123\.45 and with it the threshold of €100\.00/,
    );
  });

  it('shows add-ons with their descriptions, those without a period before those with one', () => {
    const addOn = (name: string, changes: object) =>
      sampleLine({ fee_type: 'add_on', subscription_id: null, name, ...changes });
    const lines = [
      addOn('Audit', { description: 'Two days on site' }),
      addOn('Setup', { description: 'All your data', from_at: null, to_at: null }),
    ];
    assert.match(
      textOf(sampleInvoice({ invoice_type: 'one_off', subscriptions: [], lines })),
      / Amount Setup All your data 1,200 .* Feb 1 – 28, 2026 Audit Two days on site 1,200 /,
    );
  });

  it('shows how tiers, packages and volumes make the amount', () => {
    const text = textOf(sampleInvoice({ lines: [packageLine(), volumeLine()] }));
    assert.match(text, /Exports 268 20% €20\.00 Free units 100 €0\.00 €0\.00 Packages of 50 4 €5\.00 €20\.00/);
    assert.match(
      text,
      /Storage \(GB\) • Frankfurt • archive 340\.5 20% €189\.28 All units 340\.5 €0\.55 €187\.275 Flat fee €2\.00/,
    );
  });

  it('shows what a percentage is made of', () => {
    const amount_details = {
      units: '800.0',
      free_units: '250.0',
      free_events: 2,
      paid_units: '550.0',
      rate: '1.3',
      per_unit_total_amount: '7.15',
      paid_events: 2,
      fixed_fee_unit_amount: '2.0',
      fixed_fee_total_amount: '4.0',
      min_max_adjustment_total_amount: '-0.5',
    };
    const text = textOf(sampleInvoice({ lines: [sampleLine({ units: '800', amount_cents: 1065, amount_details })] }));
    assert.match(
      text,
      /Free units 250 €0\.00 €0\.00 Rate on the amount used 550 1\.3% €7\.15 Fixed fee per transaction 2 €2\.00 €4\.00/,
    );
    assert.match(text, /Adjustment to the minimum and maximum per transaction −€0\.50/);
  });

  it('shows how long what a prorated charge counted was there', () => {
    const days_used = { period_days: 28, parts: [{ units: '3', days: 28 }, { units: '1.5', days: 10 }] }; // prettier-ignore
    assert.match(
      textOf(sampleInvoice({ lines: [sampleLine({ name: 'Seats', units: '4.5', days_used })] })),
      /Seats 4\.5 €0\.0125 20% €15\.00 Used 28 out of 28 days 3 Used 10 out of 28 days 1\.5 /,
    );
  });

  it('says of a prorated subscription what the whole period costs', () => {
    const text = textOf(
      sampleInvoice({ lines: [subscriptionLine({ amount_cents: 2450, precise_unit_amount: '24.5' })] }),
    );
    assert.match(text, /Subscription fee • Team 1 €24\.50 20% €24\.50 Prorated from €49\.00/);
    assert.ok(!textOf(sampleInvoice({ lines: [subscriptionLine()] })).includes('Prorated'));
  });

  it('deducts what was billed before and each coupon before tax, and credits after it', () => {
    const coupons = [
      { name: 'Welcome', amount_cents: 500 },
      { name: 'For nothing', amount_cents: 0 },
      { name: '<b>Loyal</b>', amount_cents: 150 },
    ];
    const text = textOf(
      sampleInvoice({
        progressive_billing_credit_amount_cents: 2000,
        coupons,
        credit_notes_amount_cents: 200,
        prepaid_credit_amount_cents: 100,
      }),
    );
    assert.match(
      text,
      /Usage already billed −€20\.00 Coupon: Welcome −€5\.00 Coupon: .b.Loyal.* −€1\.50 Subtotal excl\. tax .* Subtotal incl\. tax .* Credit notes −€2\.00 Prepaid credits −€1\.00 Total/,
    );
    assert.ok(!text.includes('For nothing'));
  });

  it('sums several subscriptions up, each with its own lines after it', () => {
    const text = textOf(
      sampleInvoice({
        subscriptions: [
          { id: 'team', name: 'Team' },
          { id: 'lab', name: 'Lab' },
        ],
        lines: [subscriptionLine(), sampleLine(), sampleLine({ subscription_id: 'lab', amount_cents: 700 })],
      }),
    );
    assert.match(
      text,
      /Summary Billing period Amount Lab Feb 1 – 28, 2026 €7\.00 Team Feb 1 – 28, 2026 €64\.00 .* Total .* Details Item .* Lab .* Team /,
    );
  });

  it('bears the logo of the seller, or its name', () => {
    const seller = { ...sampleInvoice().seller, legal_name: 'Acme & "Sons"' };
    const page = invoiceHtml(sampleInvoice({ seller, logo: 'data:image/png;base64,AAAA' }));
    assert.ok(page.includes('<img class="logo" src="data:image/png;base64,AAAA" alt="Acme &amp; &quot;Sons&quot;" />'));
    assert.ok(invoiceHtml(sampleInvoice({ seller })).includes('Acme &amp; &quot;Sons&quot;</p>'));
  });

  it('refers to nothing outside', () => {
    assert.deepEqual([...invoiceHtml(sampleInvoice()).matchAll(/https?:|url\((?!data:)/g)], []);
  });
});

describe('the lines of an invoice', () => {
  const free = (changes: object = {}) => subscriptionLine({ amount_cents: 0, precise_unit_amount: '0', ...changes });
  const unused = sampleLine({ name: 'Unused', units: '0', amount_cents: 0 });

  for (const { name, lines, expected } of [
    { name: 'usage without units is left out', lines: [subscriptionLine(), unused], expected: ['Team'] },
    {
      name: 'what tops a charge up to its minimum stands below it, even where nothing was used',
      lines: [
        sampleLine({ id: 'b', name: 'Bytes' }),
        sampleLine({ name: 'Calls missing', true_up_parent_fee_id: 'a' }),
        sampleLine({ id: 'a', name: 'Calls', units: '0', amount_cents: 0 }),
        sampleLine({ name: 'Bytes missing', true_up_parent_fee_id: 'b' }),
        sampleLine({ id: 'd', name: 'Disks' }),
      ],
      expected: ['Bytes', 'Bytes missing', 'Calls missing', 'Disks'],
    },
    { name: 'free usage is shown', lines: [sampleLine({ name: 'Free', amount_cents: 0 })], expected: ['Free'] },
    {
      name: 'a flat fee without units is shown, being part of the total',
      lines: [sampleLine({ name: 'Flat', units: '0', amount_cents: 200 })],
      expected: ['Flat'],
    },
    {
      name: 'a free subscription is left out beside usage that costs something',
      lines: [free(), sampleLine()],
      expected: ['API calls'],
    },
    {
      name: 'a free subscription is shown when everything is free',
      lines: [free(), sampleLine({ amount_cents: 0 })],
      expected: ['Team', 'API calls'],
    },
    {
      name: 'what others use does not hide a free subscription',
      lines: [free(), sampleLine({ subscription_id: 'lab' })],
      expected: ['API calls', 'Team'],
    },
    {
      name: 'a commitment comes last, usage by name in between',
      lines: [
        sampleLine({ fee_type: 'commitment', name: 'A' }),
        sampleLine({ name: 'b' }),
        sampleLine({ name: 'A' }),
        subscriptionLine({ name: 'Z' }),
      ],
      expected: ['Z', 'A', 'b', 'A'],
    },
  ])
    it(name, () => {
      const subscriptions = [
        { id: 'team', name: 'Team' },
        { id: 'lab', name: 'Lab' },
      ];
      assert.deepEqual(labelsOf(sampleInvoice({ subscriptions, lines })), expected);
    });

  it('are grouped by the time that they are for', () => {
    const next = subscriptionLine({ from_at: '2026-02-28T23:00:00.000Z', to_at: '2026-03-31T22:00:00.000Z' });
    assert.match(
      textOf(sampleInvoice({ lines: [next, sampleLine()] })),
      /Team Mar 1 – 31, 2026 Subscription fee .* Feb 1 – 28, 2026 API calls/,
    );
  });
});

describe('the texts of documents', () => {
  const readTexts = async (locale: string): Promise<Record<string, string>> =>
    JSON.parse(
      await readFile(new URL(`../../activities/templates/locales/${locale}.json`, import.meta.url), 'utf8'),
    ) as Record<string, string>;
  const placeholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).sort();

  for (const locale of translatedLocales)
    it(`are all there in ${locale}, in every plural form of the language`, async () => {
      const [english, texts] = [await readTexts('en'), await readTexts(locale)];
      for (const [key, text] of Object.entries(english)) {
        const plural = /^(\w+)_(one|other)$/.exec(key)?.[1];
        const forms = plural
          ? new Intl.PluralRules(locale).resolvedOptions().pluralCategories.map((form) => `${plural}_${form}`)
          : [key];
        for (const form of forms) {
          assert.ok(texts[form], `${locale} has ${form}`);
          assert.deepEqual(placeholders(texts[form]), placeholders(text), `${locale}: ${form}`);
        }
      }
    });

  it('are there in every language that a customer may ask for', () => {
    assert.deepEqual([...translatedLocales].sort(), [...locales].sort());
  });

  it('fall back from a region to its language and then to English', () => {
    assert.deepEqual(
      ['de-AT', 'da', 'pt', ''].map((wanted) => textsIn(wanted).locale),
      ['de', 'en', 'en', 'en'],
    );
  });
});

describe('markup', () => {
  it('escapes what is put in, joins lists and leaves out what is not there', () => {
    assert.equal(
      html`<p title="${'"'}">${['<', html`<b>${1}</b>`]}${null}${false}${undefined}${0}</p>`.markup,
      '<p title="&quot;">&lt;<b>1</b>0</p>',
    );
  });

  it('quotes texts in style sheets so that nothing ends them', () => {
    assert.equal(cssString('É 1</style>"\\\n'), '"É 1\\3c \\2f style\\3e \\22 \\5c \\a "');
  });
});
