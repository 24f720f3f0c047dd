import { isInEu, type Territory, territories } from './rates.ts';
import { parseVatNumber } from './vat-number.ts';

/** What decides which European tax a customer pays. */
export interface EuCustomer {
  /** Of the seller. */
  readonly organization_country: string;
  readonly country: string | null;
  readonly zipcode: string | null;
  readonly tax_identification_number: string | null;
}

/** The code of a tax, or that the register has to be asked first. */
export type EuAssignment =
  { readonly kind: 'assign'; readonly tax_code: string } | { readonly kind: 'check'; readonly number: string };

export const reverseChargeCode = 'lago_eu_reverse_charge';
export const taxExemptCode = 'lago_eu_tax_exempt';
export const standardCode = (country: string): string => `lago_eu_${country.toLowerCase()}_standard`;
export const territoryCode = ({ country, name }: Pick<Territory, 'country' | 'name'>): string =>
  `lago_eu_${country.toLowerCase()}_exception_${name}`;

export function isEuCode(tax_code: string): boolean {
  return tax_code.startsWith('lago_eu_');
}

/** Source: spec "EU tax management", steps 1 to 3. */
export function assignEuTax(customer: EuCustomer): EuAssignment {
  const territory = territoryOf(customer);
  if (territory) return { kind: 'assign', tax_code: territoryCode(territory) };
  const number = customer.tax_identification_number?.trim() ?? '';
  if (number !== '') return { kind: 'check', number };
  return { kind: 'assign', tax_code: withoutNumber(customer) };
}

/** After the register's answer. `register_country`: of the number that it knows; null when there is no such number. */
export function assignCheckedTax(customer: EuCustomer, register_country: string | null): string {
  if (register_country === null) return withoutNumber(customer);
  if (register_country !== customer.organization_country) return reverseChargeCode;
  const territory = territoryByZip(customer);
  return territory ? territoryCode(territory) : standardCode(customer.organization_country);
}

function withoutNumber({ country, organization_country }: EuCustomer): string {
  if (country === null) return standardCode(organization_country);
  return isInEu(country) ? standardCode(country) : taxExemptCode;
}

/** French ones need a VAT number that looks like one. */
function territoryOf(customer: EuCustomer): Territory | undefined {
  const territory = territoryByZip(customer);
  if (territory?.country !== 'FR') return territory;
  return parseVatNumber(customer.tax_identification_number) && territory;
}

function territoryByZip({ country, zipcode }: EuCustomer): Territory | undefined {
  const zip = (zipcode ?? '').replaceAll(/\s/g, '');
  return territories.find((one) => one.country === country && one.zipcodes.test(zip));
}
