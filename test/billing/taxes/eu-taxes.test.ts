import assert from 'node:assert/strict';
import { assignCheckedTax, assignEuTax } from '../../../billing/taxes/eu/assign.ts';
import { generatedTaxes } from '../../../billing/taxes/eu/generated-taxes.ts';
import { rateOn, standardRates } from '../../../billing/taxes/eu/rates.ts';
import { retryMinutes } from '../../../billing/taxes/eu/retry.ts';
import { parseVatNumber } from '../../../billing/taxes/eu/vat-number.ts';

describe('European taxes', () => {
  const assigned: [string, string | null, string | null, string | null, string][] = [
    ['no country: that of the seller', null, null, null, 'lago_eu_fr_standard'],
    ['a member state: its own', 'DE', '10115', null, 'lago_eu_de_standard'],
    ['elsewhere: exempt', 'US', '94103', null, 'lago_eu_tax_exempt'],
    ['the Canary Islands', 'ES', '35 001', null, 'lago_eu_es_exception_canary_islands'],
    ['the rest of Spain', 'ES', '28001', null, 'lago_eu_es_standard'],
    ['Ceuta', 'ES', '51080', null, 'lago_eu_es_exception_ceuta'],
    ['beside Ceuta', 'ES', '51006', null, 'lago_eu_es_standard'],
    ['Madeira', 'PT', '9000-001', null, 'lago_eu_pt_exception_madeira'],
    ['the Azores', 'PT', '9500', null, 'lago_eu_pt_exception_azores'],
    ['Mittelberg', 'AT', '6993', null, 'lago_eu_at_exception_mittelberg'],
    ['Réunion without a number', 'FR', '97400', null, 'lago_eu_fr_standard'],
    ['Réunion with a number', 'FR', '97400', 'FR40303265045', 'lago_eu_fr_exception_reunion'],
    ['a zip code of another country', 'DE', '35001', null, 'lago_eu_de_standard'],
  ];
  for (const [where, country, zipcode, tax_identification_number, tax_code] of assigned)
    it(`of a customer in ${where}: ${tax_code}`, () => {
      const customer = { organization_country: 'FR', country, zipcode, tax_identification_number };
      assert.deepEqual(assignEuTax(customer), { kind: 'assign', tax_code });
    });

  it('wait for the register where there is a number', () => {
    const customer = { organization_country: 'FR', country: 'DE', zipcode: null, tax_identification_number: ' X1 ' };
    assert.deepEqual(assignEuTax(customer), { kind: 'check', number: 'X1' });
  });

  const checked: [string, string | null, string | null, string | null, string][] = [
    ['a number of the seller’s country', 'FR', null, 'FR', 'lago_eu_fr_standard'],
    ['a number of the seller’s country, in Martinique', 'FR', '97200', 'FR', 'lago_eu_fr_exception_martinique'],
    ['a number of another country', 'DE', null, 'DE', 'lago_eu_reverse_charge'],
    ['no such number, in a member state', 'DE', null, null, 'lago_eu_de_standard'],
    ['no such number, elsewhere', 'US', null, null, 'lago_eu_tax_exempt'],
  ];
  for (const [what, country, zipcode, register_country, tax_code] of checked)
    it(`after the register’s answer: ${what}`, () => {
      const customer = { organization_country: 'FR', country, zipcode, tax_identification_number: 'x' };
      assert.equal(assignCheckedTax(customer, register_country), tax_code);
    });

  const rates: [string, string, string][] = [
    ['FI', '2024-08-31', '24'],
    ['FI', '2024-09-01', '25.5'],
    ['DE', '2020-12-31', '16'],
    ['DE', '2026-01-01', '19'],
    ['EE', '2026-01-01', '24'],
    ['SK', '2026-01-01', '23'],
    ['RO', '2026-01-01', '21'],
    ['FR', '1999-01-01', '20'],
  ];
  for (const [country, day, rate] of rates)
    it(`are ${rate} % in ${country} on ${day}`, () => assert.equal(rateOn(day, standardRates[country]!), rate));

  it('are made for every member state, every territory, and the two that are none', () => {
    const taxes = generatedTaxes('2026-01-01');
    assert.equal(taxes.length, 27 + 18 + 2);
    assert.equal(new Set(taxes.map(({ code }) => code)).size, taxes.length);
    const named = (code: string) => taxes.find((tax) => tax.code === code)?.name;
    assert.equal(named('lago_eu_fr_standard'), 'FR Standard');
    assert.equal(named('lago_eu_es_exception_canary_islands'), 'ES Canary Islands');
    assert.equal(named('lago_eu_reverse_charge'), 'Reverse Charge');
    assert.equal(named('lago_eu_tax_exempt'), 'Tax Exempt');
  });

  const numbers: [string | null, object | undefined][] = [
    ['FR 40 303 265 045', { country_code: 'FR', vat_number: '40303265045' }],
    ['el094259216', { country_code: 'EL', vat_number: '094259216' }],
    ['CHE123456788', undefined],
    ['FR1', undefined],
    ['', undefined],
    [null, undefined],
  ];
  for (const [text, number] of numbers)
    it(`are looked up by ${JSON.stringify(text)}: ${JSON.stringify(number)}`, () =>
      assert.deepEqual(parseVatNumber(text), number));

  it('are asked for again after 5, 5, 10, 20, 40 and then every 60 minutes', () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 50].map(retryMinutes), [5, 5, 10, 20, 40, 60, 60]);
  });
});
