import type { LocalDate } from '../../clock/instant.ts';
import { reverseChargeCode, standardCode, taxExemptCode, territoryCode } from './assign.ts';
import { rateOn, standardRates, territories } from './rates.ts';

/** A tax that is made, or brought up to date, for an organization that has European taxes managed. */
export interface GeneratedTax {
  readonly code: string;
  readonly name: string;
  readonly description: string;
  /** Percent, decimal text. */
  readonly rate: string;
}

const description = 'Made by the management of European taxes';

/** `canary_islands` as `Canary Islands`. */
function title(name: string): string {
  return name.replaceAll(/(^|_)([a-z])/g, (_, gap: string, letter: string) => (gap ? ' ' : '') + letter.toUpperCase());
}

/** With the rates in force on that day. */
export function generatedTaxes(day: LocalDate): GeneratedTax[] {
  return [
    ...Object.entries(standardRates).map(([country, rates]) => ({
      code: standardCode(country),
      name: `${country} Standard`,
      description,
      rate: rateOn(day, rates),
    })),
    ...territories.map((territory) => ({
      code: territoryCode(territory),
      name: `${territory.country} ${title(territory.name)}`,
      description,
      rate: rateOn(day, territory.rates),
    })),
    { code: reverseChargeCode, name: 'Reverse Charge', description, rate: '0' },
    { code: taxExemptCode, name: 'Tax Exempt', description, rate: '0' },
  ];
}
