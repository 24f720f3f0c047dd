import { z } from 'zod';
import { invalid } from '../../billing/errors.ts';
import { queryFlag, queryList, text } from './fields.ts';

const groupParameter = text.optional().meta({
  type: 'object',
  description: 'As `name[key]=value`, any number of them, or as a JSON object: only events with these values',
});

const flag = queryFlag.prefault('false');

/** Besides these, any number of `group[key]=value`. */
export const narrowingQuery = {
  charge_id: text.optional(),
  charge_code: text.optional(),
  billable_metric_code: text.optional(),
  filter_by_charge_id: text.optional().describe('Older name of `charge_id`'),
  filter_by_charge_code: text.optional().describe('Older name of `charge_code`'),
  filter_by_metric_code: text.optional().describe('Older name of `billable_metric_code`'),
  group: groupParameter,
  filter_by_group: groupParameter,
  skip_grouping: flag.describe('Prices the charges as if they grouped by nothing'),
  full_usage: flag.describe('Since the start of the subscription, and not of the period'),
  filter_by_presentation: text.optional().describe('Only breakdowns with this value; empty: none'),
  'filter_by_presentation[]': queryList(text).optional(),
};

type Query = Readonly<Record<string, unknown>>;

const groupObject = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const NAMED = /^(?:group|filter_by_group)\[([^\]]+)\]$/;

/** The values by key; an empty one stands for none, as it does in groups. */
export function readGroup(query: Query): Readonly<Record<string, string | null>> {
  const named = Object.entries(query).flatMap(([name, value]) => {
    const key = NAMED.exec(name)?.[1];
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : [];
  });
  const entries = [...Object.entries(parseGroup(query['group'] ?? query['filter_by_group'])), ...named];
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value === null || isBlank(value) ? null : String(value)]),
  );
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}

function parseGroup(sent: unknown): z.output<typeof groupObject> {
  if (typeof sent !== 'string' || sent === '') return {};
  try {
    return groupObject.parse(JSON.parse(sent));
  } catch {
    throw invalid({ group: ['value_is_invalid'] });
  }
}

/** Undefined: all breakdowns are shown. */
export function readPresented(query: Query): readonly string[] | undefined {
  const list = query['filter_by_presentation[]'] as readonly string[] | undefined;
  const single = query['filter_by_presentation'] as string | undefined;
  return list?.filter((value) => value !== '') ?? (single === undefined ? undefined : single === '' ? [] : [single]);
}
