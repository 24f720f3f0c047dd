import { describeFees } from './stories.ts';

const trial = { amount: 5_000_000, started_at: '2024-03-05T12:12' } as const;
describeFees('the fee when a trial ends, in advance', { ...trial, pay: 'advance', reason: 'starting' }, [
  ['17 of 31 days after 10 days', { trial: 10, at: '2024-03-15T12:12' }, 2_741_935],
  ['12 of 30 days after 45 days', { trial: 45, at: '2024-04-19T12:12' }, 2_000_000],
  ['21 of 31 days after 7', { amount: 3500, started_at: '2024-03-04T10:00', trial: 7, at: '2024-03-11T10:00' }, 2371],
  [
    '21 of 31 days of an anniversary month',
    { amount: 3100, mode: 'anniversary', trial: 10, at: '2024-03-15T12:12' },
    2100,
  ],
]);

describeFees('the fee at a boundary, in advance', { ...trial, pay: 'advance' }, [
  ['no fee line while the trial runs', { trial: 45, at: '2024-04-01' }, undefined],
  [
    'the whole on the day on which the trial ends',
    { started_at: '2024-03-02T12:12', trial: 30, at: '2024-04-01' },
    5_000_000,
  ],
  ['the whole after the trial', { trial: 45, fees_at: ['2024-04-19T12:12'], at: '2024-05-01' }, 5_000_000],
  ['none for a termination during the trial', { trial: 45, reason: 'terminating', at: '2024-03-20' }, undefined],
]);

const successor = {
  pay: 'advance',
  amount: 10_000_000,
  first_started_at: '2024-03-05T12:12',
  subscription_at: '2024-03-05T12:12',
  started_at: '2024-03-10T10:00',
  change: 'upgrade',
  trial: 13,
} as const;
describeFees('the fee of an upgrade during a trial, which counts from the first start', successor, [
  ['14 of 31 days', { reason: 'starting', at: '2024-03-18T12:12' }, 4_516_129],
  ['the month after in full', { fees_at: ['2024-03-18T12:12'], at: '2024-04-01' }, 10_000_000],
]);

const backdated = {
  pay: 'advance',
  reason: 'starting',
  trial: 10,
  created_at: '2024-03-20',
  at: '2024-03-20',
} as const;
describeFees('the fee of a trial that a backdated start has passed', { ...backdated, amount: 3100 }, [
  ['the running period in full', { started_at: '2024-01-05' }, 3100],
  ['the running period from the end of the trial on', { started_at: '2024-03-05T12:00' }, 1700],
]);

describeFees('the fee at a boundary, in arrears', trial, [
  ['17 of 31 days after 10 days', { trial: 10, at: '2024-04-01' }, 2_741_935],
  ['no fee line while the trial runs', { trial: 45, at: '2024-04-01' }, undefined],
  ['0 when the trial ended with the period', { started_at: '2024-03-05', trial: 27, at: '2024-04-01' }, 0],
  ['0 when the trial ends on the day of the boundary', { trial: 27, at: '2024-04-01' }, 0],
  ['12 of 30 days after 45 days', { trial: 45, at: '2024-05-01' }, 2_000_000],
]);

const ended = { ...trial, amount: 3100, trial: 10, reason: 'terminating' } as const;
describeFees('the fee of a termination, in arrears', ended, [
  ['no fee line during the trial', { at: '2024-03-12' }, undefined],
  ['0 on the day of its end, before', { at: '2024-03-15T10:00' }, 0],
  ['0 at the very instant of its end', { started_at: '2024-03-05', at: '2024-03-15' }, 0],
  ['1 day on the day of its end, after', { at: '2024-03-15T14:00' }, 100],
  ['4 days after', { at: '2024-03-18T14:00' }, 400],
  ['one day less for an upgrade after', { is_upgraded: true, at: '2024-03-18T14:00' }, 300],
]);
