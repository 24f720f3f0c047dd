import type { Knex } from 'knex';
import { z } from 'zod';

export const PER_PAGE_DEFAULT = 100;
const PER_PAGE_MAX = 1000;
const PAGE_MAX = 1_000_000_000;

/** As the reference reads them: what is no number from 1 on counts as left out. */
export function lenientNumber(fallback: number, highest = PER_PAGE_MAX): z.ZodType<number, string | undefined> {
  return z
    .string()
    .optional()
    .transform((value) => {
      const number = Number.parseInt(value ?? '', 10);
      return number >= 1 ? Math.min(number, highest) : fallback;
    })
    .meta({ type: 'integer' });
}

/** Spread into an operation's `query`: `z.object({ ...paginationQuery, … })`. */
export const paginationQuery = {
  page: lenientNumber(1, PAGE_MAX),
  per_page: lenientNumber(PER_PAGE_DEFAULT, PER_PAGE_MAX),
};

export const paginationMeta = z
  .object({
    current_page: z.int(),
    next_page: z.int().nullable(),
    prev_page: z.int().nullable(),
    total_pages: z.int(),
    total_count: z.int(),
  })
  .meta({ id: 'PaginationMeta' });

export type PaginationMeta = z.infer<typeof paginationMeta>;

export interface Page {
  readonly page: number;
  readonly per_page: number;
}

export function metaOf({ page, per_page }: Page, total_count: number): PaginationMeta {
  const total_pages = Math.ceil(total_count / per_page);
  if (total_count === 0) return { current_page: 0, next_page: null, prev_page: null, total_pages: 0, total_count: 0 };
  return {
    current_page: page,
    next_page: page < total_pages ? page + 1 : null,
    prev_page: page > 1 ? page - 1 : null,
    total_pages,
    total_count,
  };
}

/** One page of a query that selects and orders rows. */
export async function paginate<Row extends object>(
  query: Knex.QueryBuilder<Row, Row[]>,
  { page, per_page }: Page,
): Promise<{ rows: Row[]; meta: PaginationMeta }> {
  const counted = (await query.clone().clearSelect().clearOrder().count({ total: '*' }).first()) as { total: number };
  const rows = (await query
    .clone()
    .limit(per_page)
    .offset((page - 1) * per_page)) as Row[];
  return { rows, meta: metaOf({ page, per_page }, counted.total) };
}
