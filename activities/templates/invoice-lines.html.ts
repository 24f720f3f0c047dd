import { Decimal } from '../../billing/money/decimal.ts';
import { type Html, html } from './html.ts';
import { type InvoiceLine, type Section, nameOf } from './invoice-content.ts';
import type { Writing } from './writing.ts';

/** A row of the table of lines: each cell as it is written, null where it stays empty. */
interface Row {
  readonly label: string;
  readonly units?: string | null;
  readonly price?: string | null;
  readonly amount?: string | null;
}

/** What the lines of a table say beside their names, in the order of its columns. */
interface Columns {
  readonly heads: readonly string[];
  readonly cellsOf: (line: InvoiceLine, details: readonly Row[]) => readonly (string | null)[];
  readonly hasDetails: boolean;
}

/** Lines with how their amounts came about. */
export function linesTable(sections: readonly Section[], writing: Writing): Html {
  const { format, texts } = writing;
  const { t } = texts;
  const columns: Columns = {
    heads: [t('units'), t('unit_price'), t('tax_rate'), t('amount')],
    cellsOf: (line, details) => [
      format.number(line.units),
      // Where the price has parts, an average of them would only confuse.
      details.some((row) => row.amount) ? null : format.price(line.precise_unit_amount),
      format.rate(line.taxes_rate),
      format.money(line.amount_cents),
    ],
    hasDetails: true,
  };
  return table(sections, columns, writing);
}

/** Lines with amounts that are no longer those that their units came to. */
export function amountsTable(sections: readonly Section[], writing: Writing): Html {
  const { format, texts } = writing;
  const columns: Columns = {
    heads: [texts.t('tax_rate'), texts.t('amount')],
    cellsOf: (line) => [format.rate(line.taxes_rate), format.money(line.amount_cents)],
    hasDetails: false,
  };
  return table(sections, columns, writing);
}

function table(sections: readonly Section[], columns: Columns, writing: Writing): Html {
  const hasSubtotals = sections.length > 1;
  return html`<table class="lines">
    <thead>
      <tr>
        <th scope="col">${writing.texts.t('item')}</th>
        ${columns.heads.map((head) => html`<th scope="col" class="figure">${head}</th>`)}
      </tr>
    </thead>
    ${sections.map((section) => sectionRows(section, hasSubtotals, columns, writing))}
  </table>`;
}

function sectionRows(section: Section, hasSubtotal: boolean, columns: Columns, writing: Writing): Html {
  const { format, texts } = writing;
  const { amount_cents, periods } = section;
  const name = section.name ?? (hasSubtotal ? texts.t('other_items') : null);
  const [first] = periods;
  // A single period stands beside the name; more of them above their lines.
  const only = periods.length === 1 && first?.period ? format.period(first.period) : null;
  return html`<tbody>
    ${
      name !== null &&
      html`<tr class="section">
        <th scope="rowgroup" colspan="${columns.heads.length}">
          <span dir="auto">${name}</span>${only && html`<span class="period">${only}</span>`}
        </th>
        <td class="figure">${hasSubtotal && format.money(amount_cents)}</td>
      </tr>`
    }
    ${periods.map(({ period, lines }) => [
      period &&
        (periods.length > 1 || name === null) &&
        html`<tr class="period">
          <th scope="rowgroup" colspan="${columns.heads.length + 1}">${format.period(period)}</th>
        </tr>`,
      ...lines.map((line) => lineRows(line, columns, writing)),
    ])}
  </tbody>`;
}

function lineRows(line: InvoiceLine, { cellsOf, hasDetails }: Columns, writing: Writing): Html {
  const details = hasDetails ? [...detailsOf(line, writing), ...daysRows(line, writing)] : [];
  return html`<tr class="line${details.length > 0 && ' detailed'}">
      <th scope="row" dir="auto">
        ${labelOf(line, writing)}${line.description && html`<div class="note">${line.description}</div>`}
      </th>
      ${cellsOf(line, details).map((cell) => html`<td class="figure">${cell}</td>`)}
    </tr>
    ${details.map(
      (row, index) =>
        html`<tr class="detail${index === details.length - 1 && ' last'}">
          <th scope="row">${row.label}</th>
          <td class="figure">${row.units}</td>
          <td class="figure">${row.price}</td>
          <td></td>
          <td class="figure">${row.amount}</td>
        </tr>`,
    )}`;
}

function labelOf(line: InvoiceLine, { texts: { t } }: Writing): string {
  if (line.true_up_parent_fee_id !== null) return t('true_up', { name: nameOf(line) });
  switch (line.fee_type) {
    case 'subscription':
      return `${t('subscription_fee')} • ${line.name}`;
    case 'commitment':
      return t('commitment');
    case 'credit':
      return t('prepaid_credits');
    default:
      return nameOf(line);
  }
}

function daysRows({ days_used }: InvoiceLine, { format, texts: { t } }: Writing): Row[] {
  if (!days_used) return [];
  const { parts, period_days } = days_used;
  return parts.map(({ units, days }) => ({
    label: t('used_days', { days, period_days }),
    units: format.number(units),
  }));
}

interface Tier {
  readonly from_value: number;
  readonly to_value: number | null;
  readonly flat_unit_amount: string;
  readonly per_unit_amount?: string;
  readonly rate?: string;
  readonly units: string;
  readonly per_unit_total_amount: string;
}

interface Package {
  readonly free_units: string;
  readonly paid_units: string;
  readonly per_package_size: number;
  readonly per_package_unit_amount: string;
}

interface Percentage {
  readonly free_units: string;
  readonly paid_units: string;
  readonly rate: string;
  readonly per_unit_total_amount: string;
  readonly paid_events: number;
  readonly fixed_fee_unit_amount: string;
  readonly fixed_fee_total_amount: string;
  readonly min_max_adjustment_total_amount: string;
}

interface Volume {
  readonly flat_unit_amount: string;
  readonly per_unit_amount: string;
  readonly per_unit_total_amount: string;
}

/** How the amount came about. The details are the steps of the charge model, which are recognized by what they contain. */
function detailsOf({ amount_details, amount_cents, fee_type, units }: InvoiceLine, writing: Writing): Row[] {
  if ('plan_amount_cents' in amount_details) {
    const whole = Number(amount_details['plan_amount_cents']);
    const isProrated = fee_type === 'subscription' && whole !== amount_cents;
    return isProrated
      ? [{ label: writing.texts.t('subscription_fee_prorated', { amount: writing.format.money(whole) }) }]
      : [];
  }
  const tiers = amount_details['graduated_ranges'] ?? amount_details['graduated_percentage_ranges'];
  if (tiers) return tierRows(tiers as Tier[], writing);
  if ('per_package_size' in amount_details) return packageRows(amount_details as unknown as Package, units, writing);
  if ('paid_events' in amount_details) return percentageRows(amount_details as unknown as Percentage, writing);
  if ('per_unit_amount' in amount_details) return volumeRows(amount_details as unknown as Volume, units, writing);
  return [];
}

const isZero = (amount: string): boolean => new Decimal(amount).isZero();

function flatRow(amount: string, { format, texts: { t } }: Writing): Row[] {
  return isZero(amount) ? [] : [{ label: t('flat_fee'), amount: format.price(amount) }];
}

function tierRows(tiers: readonly Tier[], writing: Writing): Row[] {
  const { format } = writing;
  return tiers.flatMap((tier) => [
    ...(isZero(tier.units) && tiers.length > 1
      ? []
      : [
          {
            label: tierLabel(tier, writing),
            units: format.number(tier.units),
            price: tier.rate === undefined ? format.price(tier.per_unit_amount ?? '0') : format.rate(tier.rate),
            amount: format.price(tier.per_unit_total_amount),
          },
        ]),
    ...flatRow(tier.flat_unit_amount, writing),
  ]);
}

function tierLabel({ from_value, to_value }: Tier, { format, texts: { t } }: Writing): string {
  const isFirst = from_value <= 1;
  if (to_value === null) return isFirst ? t('only_tier') : t('last_tier', { from: format.number(from_value) });
  return isFirst
    ? t('first_tier', { to: format.number(to_value) })
    : t('middle_tier', { from: format.number(from_value), to: format.number(to_value) });
}

function freeRow(units: Decimal, { format, texts: { t } }: Writing): Row[] {
  if (units.isZero()) return [];
  return [
    {
      label: t('free_units'),
      units: format.number(units.toFixed()),
      price: format.price('0'),
      amount: format.price('0'),
    },
  ];
}

function packageRows(details: Package, units: string, writing: Writing): Row[] {
  const {
    format,
    texts: { t },
  } = writing;
  if (details.per_package_size === 0) return [];
  const packages = new Decimal(details.paid_units).div(details.per_package_size).ceil();
  return [
    ...freeRow(new Decimal(units).minus(details.paid_units), writing),
    {
      label: t('packages', { size: format.number(details.per_package_size) }),
      units: format.number(packages.toFixed()),
      price: format.price(details.per_package_unit_amount),
      amount: format.price(packages.times(details.per_package_unit_amount).toFixed()),
    },
  ];
}

function percentageRows(details: Percentage, writing: Writing): Row[] {
  const {
    format,
    texts: { t },
  } = writing;
  const fixed = {
    label: t('fixed_fee'),
    units: format.number(details.paid_events),
    price: format.price(details.fixed_fee_unit_amount),
    amount: format.price(details.fixed_fee_total_amount),
  };
  const adjustment = { label: t('min_max_adjustment'), amount: format.price(details.min_max_adjustment_total_amount) };
  return [
    ...freeRow(new Decimal(details.free_units), writing),
    {
      label: t('percentage'),
      units: format.number(details.paid_units),
      price: format.rate(details.rate),
      amount: format.price(details.per_unit_total_amount),
    },
    ...(isZero(details.fixed_fee_total_amount) ? [] : [fixed]),
    ...(isZero(details.min_max_adjustment_total_amount) ? [] : [adjustment]),
  ];
}

function volumeRows(details: Volume, units: string, writing: Writing): Row[] {
  const {
    format,
    texts: { t },
  } = writing;
  const { per_unit_amount, per_unit_total_amount, flat_unit_amount } = details;
  const row = {
    label: t('only_tier'),
    units: format.number(units),
    price: format.price(per_unit_amount),
    amount: format.price(per_unit_total_amount),
  };
  return [...(isZero(units) ? [] : [row]), ...flatRow(flat_unit_amount, writing)];
}
