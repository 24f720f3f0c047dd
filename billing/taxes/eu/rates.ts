import type { LocalDate } from '../../clock/instant.ts';

/** A rate in percent, decimal text, in force from a day on. */
export interface DatedRate {
  readonly from: LocalDate;
  readonly rate: string;
}

const since2014 = (rate: string): readonly DatedRate[] => [{ from: '2014-01-01', rate }];

/** Standard rates of the member states by ISO code, oldest first. Source: European Commission, "VAT rates applied in the Member States". */
export const standardRates: Readonly<Record<string, readonly DatedRate[]>> = {
  AT: since2014('20'),
  BE: since2014('21'),
  BG: since2014('20'),
  CY: since2014('19'),
  CZ: since2014('21'),
  DE: [
    { from: '2014-01-01', rate: '19' },
    { from: '2020-07-01', rate: '16' },
    { from: '2021-01-01', rate: '19' },
  ],
  DK: since2014('25'),
  EE: [
    { from: '2014-01-01', rate: '20' },
    { from: '2024-01-01', rate: '22' },
    { from: '2025-07-01', rate: '24' },
  ],
  ES: since2014('21'),
  FI: [
    { from: '2014-01-01', rate: '24' },
    { from: '2024-09-01', rate: '25.5' },
  ],
  FR: since2014('20'),
  GR: [
    { from: '2014-01-01', rate: '23' },
    { from: '2016-06-01', rate: '24' },
  ],
  HR: since2014('25'),
  HU: since2014('27'),
  IE: since2014('23'),
  IT: since2014('22'),
  LT: since2014('21'),
  LU: [
    { from: '2014-01-01', rate: '15' },
    { from: '2015-01-01', rate: '17' },
    { from: '2023-01-01', rate: '16' },
    { from: '2024-01-01', rate: '17' },
  ],
  LV: since2014('21'),
  MT: since2014('18'),
  NL: since2014('21'),
  PL: since2014('23'),
  PT: since2014('23'),
  RO: [
    { from: '2014-01-01', rate: '24' },
    { from: '2016-01-01', rate: '20' },
    { from: '2017-01-01', rate: '19' },
    { from: '2025-08-01', rate: '21' },
  ],
  SE: since2014('25'),
  SI: since2014('22'),
  SK: [
    { from: '2014-01-01', rate: '20' },
    { from: '2025-01-01', rate: '23' },
  ],
};

export interface Territory {
  readonly country: string;
  readonly name: string;
  /** Of a zip code without blanks. */
  readonly zipcodes: RegExp;
  readonly rates: readonly DatedRate[];
}

const territory = (country: string, name: string, zipcodes: RegExp, rate: string): Territory => ({
  country,
  name,
  zipcodes,
  rates: since2014(rate),
});

/** Where another rate than the standard one of the country holds, by zip code. */
export const territories: readonly Territory[] = [
  territory('ES', 'canary_islands', /^(35|38)\d{3}$/, '0'),
  territory('ES', 'ceuta', /^510(0[1-5]|7[01]|8[01])$/, '0'),
  territory('ES', 'melilla', /^520(0[0-6]|7[01]|8[01])$/, '0'),
  territory('IT', 'livigno', /^23041$/, '0'),
  territory('IT', 'campione_d_italia', /^22061$/, '0'),
  territory('FI', 'aland_islands', /^22\d{3}$/, '0'),
  territory('GR', 'mount_athos', /^63086$/, '0'),
  territory('DE', 'busingen_am_hochrhein', /^78266$/, '0'),
  territory('DE', 'heligoland', /^27498$/, '0'),
  territory('AT', 'jungholz', /^6691$/, '19'),
  territory('AT', 'mittelberg', /^699[1-3]$/, '19'),
  territory('PT', 'madeira', /^9[0-4]\d{2}(-?\d{3})?$/, '22'),
  territory('PT', 'azores', /^9[5-9]\d{2}(-?\d{3})?$/, '18'),
  territory('FR', 'guadeloupe', /^971\d{2}$/, '8.5'),
  territory('FR', 'martinique', /^972\d{2}$/, '8.5'),
  territory('FR', 'reunion', /^974\d{2}$/, '8.5'),
  territory('FR', 'guyane', /^973\d{2}$/, '0'),
  territory('FR', 'mayotte', /^976\d{2}$/, '0'),
];

export function isInEu(country: string | null): boolean {
  return country !== null && country in standardRates;
}

/** The newest that has begun by that day; the oldest known before all of them. */
export function rateOn(day: LocalDate, rates: readonly DatedRate[]): string {
  const begun = rates.findLast(({ from }) => from <= day) ?? rates[0];
  return begun?.rate ?? '0';
}
