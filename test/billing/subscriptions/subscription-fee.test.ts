import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Story, describeFees, fee } from './stories.ts';

/** Started and billed at the same moment. */
const from = (started_at: string): Pick<Story, 'started_at' | 'at'> => ({ started_at, at: started_at });

const creation = { pay: 'advance', reason: 'starting' } as const;
const denver = { interval: 'weekly', amount: 700, timezone: 'America/Denver' } as const;
const karachi = { interval: 'weekly', amount: 700, timezone: 'Asia/Karachi' } as const;
describeFees('the first fee in advance', creation, [
  ['27 of 31 days of a calendar month', from('2024-03-05'), 871],
  ['the whole of an anniversary month', { mode: 'anniversary', ...from('2024-03-05T09:00') }, 1000],
  ['4 of 7 days, Thursday evening in Denver', { ...denver, ...from('2023-06-16T05:00') }, 400],
  ['2 of 7 days, Saturday in Karachi', { ...karachi, ...from('2023-06-16T20:00') }, 200],
  ['21 of 28 days in UTC', { amount: 5000, ...from('2023-02-08') }, 3750],
  ['22 of 28 days in Los Angeles', { amount: 5000, timezone: 'America/Los_Angeles', ...from('2023-02-08') }, 3929],
  ['a tie is rounded up: 999 × 15 / 30', { amount: 999, ...from('2024-04-16') }, 500],
]);

describeFees('the fees at boundaries', { started_at: '2024-03-05' }, [
  [
    'the month after the first in full, in advance',
    { pay: 'advance', fees_at: ['2024-03-05'], at: '2024-04-01' },
    1000,
  ],
  ['27 of 31 days, in arrears', { at: '2024-04-01' }, 871],
  ['the month after that in full, in arrears', { fees_at: ['2024-04-01'], at: '2024-05-01' }, 1000],
  ['22 of 28 days, begun at an hour', { amount: 2800, started_at: '2022-02-07T05:00', at: '2022-03-01' }, 2200],
  ['the whole of an anniversary month', { mode: 'anniversary', at: '2024-04-05' }, 1000],
]);

describeFees('the fee of a subscription backdated on 20 March', { created_at: '2024-03-20', at: '2024-04-01' }, [
  ['the next period in full, in advance', { pay: 'advance', started_at: '2024-03-05' }, 1000],
  ['the running period in full, started before it', { started_at: '2024-02-05' }, 1000],
  ['the running period from the start on', { started_at: '2024-03-05' }, 871],
]);

const months = { amount: 36600, interval: 'yearly', charges_monthly: true, started_at: '2024-03-01' } as const;
const backdated = { pay: 'advance', started_at: '2024-03-05', created_at: '2024-03-20' } as const;
describeFees('the fee of a year with monthly charges', months, [
  ['prorated on the first invoice', { ...creation, at: '2024-03-01' }, 30600],
  ['not on the monthly invoices', { pay: 'advance', fees_at: ['2024-03-01'], at: '2024-04-01' }, undefined],
  ['not on the monthly invoices in arrears', { at: '2024-04-01' }, undefined],
  ['at the end of the year in arrears', { at: '2025-01-01' }, 30600],
  ['not on the monthly invoices of a backdated one', { ...backdated, at: '2024-04-01' }, undefined],
  ['the year after in full, of a backdated one', { ...backdated, at: '2025-01-01' }, 36600],
  ['41 of 366 days', { reason: 'terminating', at: '2024-04-10T10:00', last_periodic_at: '2024-04-01' }, 4100],
]);

const begun = { mode: 'anniversary', started_at: '2023-09-05' } as const;
const calendar = { amount: 3100, started_at: '2023-01-05', last_periodic_at: '2023-10-01', fees_at: ['2023-10-01'] };
const quarter = { amount: 91000, interval: 'quarterly', started_at: '2024-05-20', at: '2024-06-20T10:00' } as const;
const billed = { at: '2023-10-05', last_periodic_at: '2023-10-05', fees_at: ['2023-10-05'] };
describeFees('the fee of a termination', { reason: 'terminating' }, [
  ['32 of 91 days of a calendar quarter', quarter, 32000],
  [
    '32 of 91 days of a quarter from 15 January, upgraded to on 20 May',
    { ...quarter, mode: 'anniversary', subscription_at: '2024-01-15', change: 'upgrade' },
    32000,
  ],
  ['1 day on the day of the start', { started_at: '2023-09-05T08:00', at: '2023-09-05T09:00' }, 33],
  ['2 days at the midnight that begins the second', { ...begun, timezone: 'Europe/Paris', at: '2023-09-05T22:00' }, 67],
  ['2 days at that midnight in Bogota', { ...begun, timezone: 'America/Bogota', at: '2023-09-05T05:00' }, 67],
  ['the finished period on a billing day', { ...begun, at: '2023-10-05' }, 1000],
  ['the finished period in Bogota', { ...begun, timezone: 'America/Bogota', at: '2023-10-04T05:00' }, 1000],
  ['the finished period in Bangkok', { ...begun, timezone: 'Asia/Bangkok', at: '2023-10-04T17:00' }, 1000],
  ['a day when the finished period was billed', { ...begun, ...billed }, 32],
  ['prorated however often it was billed before', { ...calendar, at: '2023-10-15T10:00' }, 1500],
  ['none in advance', { ...calendar, pay: 'advance', at: '2023-10-15T10:00' }, undefined],
]);

describe('a subscription fee', () => {
  it('keeps its unrounded amount and the price of the plan', () => {
    const made = fee({ pay: 'advance', started_at: '2024-03-05', reason: 'starting', at: '2024-03-05' });
    assert.equal(made?.amount.toFixed(15), '870.967741935483871');
    assert.equal(made.units, 1);
    assert.deepEqual(made.amount_details, { plan_amount_cents: 1000 });
  });

  it('in advance is made once a local day', () => {
    const story: Story = {
      pay: 'advance',
      mode: 'anniversary',
      started_at: '2024-03-05T08:00',
      reason: 'starting',
      at: '2024-03-05T08:00',
    };
    assert.equal(fee({ ...story, fees_at: ['2024-03-05T07:00'] }), undefined);
    assert.equal(fee({ ...story, fees_at: ['2024-03-04T23:00'] })?.amount_cents, 1000);
    assert.equal(fee({ ...story, timezone: 'America/New_York', fees_at: ['2024-03-05T04:00'] })?.amount_cents, 1000);
  });

  it('of a draft does not change because of the invoices after it', () => {
    const story: Story = { started_at: '2024-03-05', at: '2024-04-01' };
    assert.equal(fee(story)?.amount_cents, 871);
    assert.equal(fee({ ...story, fees_at: ['2024-05-01'] })?.amount_cents, 871);
  });
});
