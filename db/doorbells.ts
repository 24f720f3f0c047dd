import { type DatingSettings, isRedated } from '../billing/invoices/draft-dates.ts';
import { ring } from './outbox.ts';
import { type Transaction, rows } from './transaction.ts';

/** Whose workflows: those of one customer, of one plan, or (neither given) of the whole organization. */
export interface Scope {
  readonly customer_id?: string;
  readonly plan_id?: string;
}

/** Tells every live subscription that its plan, its customer or its timezone is another now. */
export async function ringSubscriptions(trx: Transaction, scope: Scope): Promise<void> {
  const ids = (await rows(trx, 'subscriptions')
    .where(scope)
    .whereIn('status', ['pending', 'active'])
    .orderBy('id')
    .pluck('id')) as string[];
  await ring(
    trx,
    ids.map((id) => `subscription/${id}` as const),
  );
}

/** Tells drafts that their grace period or the days until they are due are others now. */
export async function ringDrafts(trx: Transaction, { customer_id }: Pick<Scope, 'customer_id'>): Promise<void> {
  const drafts = rows(trx, 'invoices').where({ status: 'draft' }).orderBy('id');
  if (customer_id !== undefined) drafts.where({ customer_id });
  const ids = (await drafts.pluck('id')) as string[];
  await ring(
    trx,
    ids.map((id) => `invoice/${id}` as const),
  );
}

type Settings = DatingSettings & { readonly timezone: string | null };

/** After a change of settings: days begin, grace periods end and payments are due at other instants now. */
export async function ringThoseConcerned(
  trx: Transaction,
  scope: Pick<Scope, 'customer_id'>,
  before: Settings,
  after: Settings,
): Promise<void> {
  if (before.timezone !== after.timezone) await ringSubscriptions(trx, scope);
  if (isRedated(before, after)) await ringDrafts(trx, scope);
}
