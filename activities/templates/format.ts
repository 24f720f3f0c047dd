import { localDate } from '../../billing/clock/calendar.ts';
import {
  type Instant,
  type LocalDate,
  type Span,
  addMilliseconds,
  toMilliseconds,
} from '../../billing/clock/instant.ts';
import { type Cents, centsToUnits } from '../../billing/money/cents.ts';
import { type Currency, exponent } from '../../billing/money/currency.ts';
import { Decimal } from '../../billing/money/decimal.ts';

/** Amounts, numbers and dates as a language writes them. Decimals are formatted from their text, so that none becomes a float. */
export interface Format {
  money(cents: Cents): string;
  /** Currency units, with as many digits as the price has. */
  price(amount: string): string;
  number(value: string | number): string;
  /** From percent: `20` is 20 %. */
  rate(percent: string): string;
  date(date: LocalDate): string;
  /** Its first and its last day. */
  period(span: Span): string;
  country(code: string): string;
}

export interface FormatOptions {
  readonly locale: string;
  readonly currency: Currency;
  readonly timezone: string;
}

/** As wide as the digits; a hyphen is easily overlooked. */
const MINUS = '\u2212';

/** Prices are stored with 15 decimals. One that fills them all is a quotient, of which fewer say as much. */
const STORED_DECIMALS = 15;
const QUOTIENT_DECIMALS = 6;

export function createFormat({ locale, currency, timezone }: FormatOptions): Format {
  const digits = exponent(currency);
  const money = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const price = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: STORED_DECIMALS,
  });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: STORED_DECIMALS });
  const rate = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: STORED_DECIMALS });
  const longDate = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  const mediumDate = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const countries = new Intl.DisplayNames(locale, { type: 'region' });
  const exact = (value: Decimal): Intl.StringNumericLiteral => value.toFixed() as Intl.StringNumericLiteral;
  // A calendar day has no time zone: shown at noon in UTC it is the same day everywhere.
  const noon = (date: LocalDate): number => toMilliseconds(`${date}T12:00:00.000Z`);
  const day = (at: Instant): number => noon(localDate(at, timezone));

  return {
    money: (cents) => money.format(exact(centsToUnits(cents, currency))).replace('-', MINUS),
    price(amount) {
      const decimal = new Decimal(amount);
      const isQuotient = decimal.decimalPlaces() >= STORED_DECIMALS;
      return price.format(exact(isQuotient ? decimal.toDecimalPlaces(QUOTIENT_DECIMALS) : decimal)).replace('-', MINUS);
    },
    number: (value) => number.format(exact(new Decimal(value))),
    rate: (percent) => rate.format(exact(new Decimal(percent).div(100))),
    date: (date) => longDate.format(noon(date)),
    period: ({ from, to }) => mediumDate.formatRange(day(from), day(to > from ? addMilliseconds(to, -1) : to)),
    country: (code) => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
  };
}
