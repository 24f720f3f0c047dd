import type { Address, Buyer, DocumentContent, Party } from './document-content.ts';
import type { Format } from './format.ts';
import { type Html, html } from './html.ts';
import type { Writing } from './writing.ts';

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

export function nameOfParty(party: Party): string {
  return party.legal_name || party.name || '';
}

export function parties({ seller, buyer }: DocumentContent, writing: Writing): Html {
  const { t } = writing.texts;
  const shipping = addressLines(buyer.shipping_address, writing.format);
  const isElsewhere = shipping.length > 0 && shipping.join('\n') !== addressLines(buyer, writing.format).join('\n');
  return html`<section class="parties">
    ${partyBlock(t('from'), nameOfParty(seller), seller, writing)}
    ${partyBlock(t('bill_to'), nameOfBuyer(buyer), buyer, writing)}
    ${
      isElsewhere &&
      html`<div>
        <h2>${t('ship_to')}</h2>
        ${lines(shipping)}
      </div>`
    }
  </section>`;
}

/** The company and the person, where both are known. */
export function nameOfBuyer(buyer: Buyer): string {
  const person = [buyer.firstname, buyer.lastname].filter(Boolean).join(' ');
  return [nameOfParty(buyer), person].filter(Boolean).join(' - ');
}

function partyBlock(heading: string, name: string, party: Party, { format, texts: { t } }: Writing): Html {
  const { legal_number, tax_identification_number, email } = party;
  return html`<div>
    <h2>${heading}</h2>
    <p class="name" dir="auto">${name}</p>
    ${lines([
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
