import fc from 'fast-check';
import type { Instant } from '../../../billing/clock/instant.ts';
import { fromMilliseconds, toMilliseconds } from '../../../billing/clock/instant.ts';
import { type Terms, billingTimes, intervals } from '../../../billing/subscriptions/periods.ts';

/** Time zones that break careless arithmetic: at midnight, by half hours, over the date line, within a day of months. */
export const timezones = [
  'UTC',
  'Europe/Paris',
  'Europe/London',
  'Europe/Dublin',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo', // skips midnight, until 2018
  'America/Asuncion', // skips midnight
  'America/Santiago', // skips midnight
  'America/Havana', // midnight twice
  'America/St_Johns', // back from 00:01 to 23:01, until 2011
  'America/Bogota',
  'Asia/Beirut', // skips midnight
  'Asia/Tehran', // skips midnight, until 2022
  'Asia/Kathmandu', // +05:45
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Africa/Cairo', // skips midnight, on and off through the years
  'Africa/Casablanca',
  'Australia/Lord_Howe', // half an hour of daylight saving
  'Pacific/Apia', // never had its 30 December 2011
  'Pacific/Kiritimati', // +14:00
  'Pacific/Chatham', // +12:45
] as const;

export const anyInstant: fc.Arbitrary<Instant> = fc
  .integer({ min: toMilliseconds('2005-01-01T00:00:00.000Z'), max: toMilliseconds('2035-12-31T23:59:59.999Z') })
  .map(fromMilliseconds);

export const anyTerms: fc.Arbitrary<Terms> = fc.record({
  interval: fc.constantFrom(...intervals),
  billing_time: fc.constantFrom(...billingTimes),
  subscription_at: fc.oneof(
    anyInstant,
    fc.constantFrom('2024-02-29T12:00:00.000Z', '2024-01-31T01:00:00.000Z', '2023-12-30T12:00:00.000Z'),
  ),
  timezone: fc.constantFrom(...timezones),
});
