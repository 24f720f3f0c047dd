import type { CreditNoteContent } from '../../activities/templates/credit-note-content.ts';
import type { InvoiceContent, InvoiceLine } from '../../activities/templates/invoice-content.ts';
import { graduated } from '../../billing/charge-models/graduated.ts';
import { packageModel } from '../../billing/charge-models/package.ts';
import { volume } from '../../billing/charge-models/volume.ts';
import { roundToCents, unitsToCents } from '../../billing/money/cents.ts';
import { Decimal } from '../../billing/money/decimal.ts';

const FEBRUARY = { from_at: '2026-01-31T23:00:00.000Z', to_at: '2026-02-28T23:00:00.000Z' };

export function sampleLine(changes: Partial<InvoiceLine> = {}): InvoiceLine {
  return {
    id: 'line',
    true_up_parent_fee_id: null,
    fee_type: 'charge',
    subscription_id: 'team',
    name: 'API calls',
    groups: [],
    description: null,
    units: '1200',
    precise_unit_amount: '0.0125',
    amount_cents: 1500,
    taxes_rate: '20',
    amount_details: {},
    ...FEBRUARY,
    ...changes,
  };
}

/** A line priced by a charge model, as billing would price it. */
function pricedLine(
  model: typeof graduated | typeof packageModel | typeof volume,
  properties: object,
  units: string,
  changes: Partial<InvoiceLine>,
): InvoiceLine {
  const input = { units: new Decimal(units), events_count: 1, currency: 'EUR', properties: { ...properties } };
  const { amount, unit_amount, amount_details } = model.price(input);
  const amount_cents = roundToCents(unitsToCents(amount, 'EUR'));
  return sampleLine({ units, precise_unit_amount: unit_amount.toFixed(), amount_cents, amount_details, ...changes });
}

export const subscriptionLine = (changes: Partial<InvoiceLine> = {}): InvoiceLine =>
  sampleLine({
    fee_type: 'subscription',
    name: 'Team',
    units: '1',
    precise_unit_amount: '49',
    amount_cents: 4900,
    amount_details: { plan_amount_cents: 4900 },
    ...changes,
  });

export const graduatedLine = (): InvoiceLine =>
  pricedLine(
    graduated,
    {
      graduated_ranges: [
        { from_value: 0, to_value: 1000, per_unit_amount: '0.05', flat_amount: '0' },
        { from_value: 1001, to_value: 10000, per_unit_amount: '0.0325', flat_amount: '10' },
        { from_value: 10001, to_value: null, per_unit_amount: '0.01', flat_amount: '0' },
      ],
    },
    '12480',
    { name: 'Messages' },
  );

export const packageLine = (): InvoiceLine =>
  pricedLine(packageModel, { amount: '5', free_units: 100, package_size: 50 }, '268', { name: 'Exports' });

export const volumeLine = (): InvoiceLine =>
  pricedLine(
    volume,
    {
      volume_ranges: [
        { from_value: 0, to_value: 100, per_unit_amount: '0.8', flat_amount: '0' },
        { from_value: 101, to_value: null, per_unit_amount: '0.55', flat_amount: '2' },
      ],
    },
    '340.5',
    { name: 'Storage (GB)', groups: ['Frankfurt', 'archive'] },
  );

/** An invoice of a French seller to a German buyer. Totals are those of its lines, at 20 %. */
export function sampleInvoice(changes: Partial<InvoiceContent> = {}): InvoiceContent {
  const lines = changes.lines ?? [subscriptionLine(), graduatedLine(), sampleLine(), packageLine(), volumeLine()];
  const fees = lines.reduce((total, line) => total + line.amount_cents, 0);
  const taxes = changes.taxes ?? [
    { tax_code: 'fr', tax_name: 'TVA', tax_rate: '20', amount_cents: Math.round(fees / 5), base_amount_cents: fees },
  ];
  const total = taxes.reduce((sum, tax) => sum + tax.amount_cents, fees);
  return {
    locale: 'en',
    timezone: 'Europe/Paris',
    currency: 'EUR',
    invoice_type: 'subscription',
    number: 'ALT-8C21-004-012',
    issuing_date: '2026-03-01',
    payment_due_date: '2026-03-31',
    net_payment_term: 30,
    seller: {
      name: 'Altitude',
      legal_name: 'Altitude Logiciels SAS',
      legal_number: '812 345 678 00021',
      tax_identification_number: 'FR32812345678',
      email: 'billing@altitude.example',
      address_line1: '14 rue des Petits-Champs',
      address_line2: null,
      city: 'Paris',
      state: null,
      zipcode: '75002',
      country: 'FR',
    },
    buyer: {
      name: 'Nordlicht',
      legal_name: 'Nordlicht Verlag GmbH & Co. KG',
      firstname: 'Änne',
      lastname: 'Größmann',
      legal_number: 'HRB 99812',
      tax_identification_number: 'DE811907980',
      email: 'rechnungen@nordlicht.example',
      address_line1: 'Speicherstraße 7',
      address_line2: '3. OG',
      city: 'Hamburg',
      state: null,
      zipcode: '20457',
      country: 'DE',
      shipping_address: {},
      metadata: [
        { key: 'Purchase order', value: 'PO-2026-0117' },
        { key: 'Cost centre', value: '4410' },
      ],
    },
    logo: null,
    threshold: null,
    footer:
      'Payable by transfer to IBAN FR76 3000 6000 0112 3456 7890 189, BIC AGRIFRPP.\nLate payments bear interest at three times the legal rate; a fixed sum of €40 is due for collection costs.',
    subscriptions: [{ id: 'team', name: 'Team' }],
    progressive_billing_credit_amount_cents: 0,
    coupons: [],
    sub_total_excluding_taxes_amount_cents: fees,
    sub_total_including_taxes_amount_cents: total,
    credit_notes_amount_cents: 0,
    prepaid_credit_amount_cents: 0,
    total_amount_cents: total,
    ...changes,
    lines,
    taxes,
  };
}

/** What is given back of that invoice. */
export function sampleCreditNote(changes: Partial<CreditNoteContent> = {}): CreditNoteContent {
  const { locale, timezone, currency, seller, logo, buyer, footer, subscriptions, number } = sampleInvoice();
  return {
    locale,
    timezone,
    currency,
    seller,
    logo,
    buyer,
    footer,
    subscriptions,
    number: `${number}-CN001`,
    issuing_date: '2026-03-09',
    invoice_number: number,
    description: null,
    lines: [subscriptionLine()],
    taxes: [{ tax_code: 'fr', tax_name: 'TVA', tax_rate: '20', amount_cents: 1200, base_amount_cents: 6000 }],
    coupons_adjustment_amount_cents: 0,
    sub_total_excluding_taxes_amount_cents: 6000,
    total_amount_cents: 7200,
    credit_amount_cents: 0,
    refund_amount_cents: 7200,
    offset_amount_cents: 0,
    ...changes,
  };
}
