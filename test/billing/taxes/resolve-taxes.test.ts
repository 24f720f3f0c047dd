import assert from 'node:assert/strict';
import { resolveTaxes, type TaxLevels } from '../../../billing/taxes/resolve-taxes.ts';
import { tax } from './taxes.ts';

describe('the taxes of a fee', () => {
  const own = [tax('own', '5')];
  const plan = [tax('plan', '10')];
  const customer = [tax('customer', '15')];
  const organization = [tax('organization', '20'), tax('levy', '1')];
  const exempt = [tax('exempt', '0')];

  const cases: { name: string; levels: TaxLevels; expected: string[] }[] = [
    {
      name: 'a charge has its own before any other',
      levels: { charge: own, plan, customer, organization },
      expected: ['own'],
    },
    {
      name: 'a charge without own ones has those of its plan',
      levels: { charge: [], plan, customer, organization },
      expected: ['plan'],
    },
    { name: 'a subscription has those of its plan', levels: { plan, customer, organization }, expected: ['plan'] },
    {
      name: "a plan without taxes leaves the customer's",
      levels: { plan: [], customer, organization },
      expected: ['customer'],
    },
    {
      name: "all of the organization's apply when nobody has others",
      levels: { plan: [], customer: [], organization },
      expected: ['organization', 'levy'],
    },
    {
      name: 'a commitment has its own before the plan',
      levels: { commitment: own, plan, customer, organization },
      expected: ['own'],
    },
    {
      name: 'a one-off fee has those it names before its add-on',
      levels: { fee: own, add_on: plan, customer, organization },
      expected: ['own'],
    },
    {
      name: 'an add-on has its own before the customer',
      levels: { fee: [], add_on: plan, customer, organization },
      expected: ['plan'],
    },
    { name: 'a tax of 0 % ends the search', levels: { plan: exempt, customer, organization }, expected: ['exempt'] },
    { name: 'there may be none', levels: { plan: [], customer: [], organization: [] }, expected: [] },
    { name: 'prepaid credits have none', levels: {}, expected: [] },
  ];
  for (const { name, levels, expected } of cases) {
    it(name, () => {
      assert.deepEqual(
        resolveTaxes(levels).map(({ code }) => code),
        expected,
      );
    });
  }
});
