import { checkVAT, countries } from 'jsvat';
import { isInEu } from './rates.ts';

/** A number as the register takes it: the country's prefix there (EL for Greece), and the rest. */
export interface VatNumber {
  readonly country_code: string;
  readonly vat_number: string;
}

/** Undefined when it has not the form of a VAT number of a member state. Check digits are not looked at: the register knows better. */
export function parseVatNumber(text: string | null): VatNumber | undefined {
  const value = (text ?? '').replaceAll(/[\s.-]/g, '').toUpperCase();
  const { isValidFormat, country } = checkVAT(value, countries);
  if (!isValidFormat || !isInEu(country?.isoCode.short ?? null)) return undefined;
  return { country_code: value.slice(0, 2), vat_number: value.slice(2) };
}

/** The register writes Greece in its own way. */
export function isoCountry(register_code: string): string {
  return register_code === 'EL' ? 'GR' : register_code;
}
