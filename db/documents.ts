import { earliest, type Instant, latest } from '../billing/clock/instant.ts';
import type { Invoice } from '../billing/invoices/invoice.ts';
import type { Cents } from '../billing/money/cents.ts';
import { newId } from './ids.ts';
import { rows, type Transaction } from './transaction.ts';

/** What a document is of: the column that says so. */
export type DocumentOwner = 'invoice_id' | 'credit_note_id';

/** A document that is to be made: of an invoice itself, or of one of its credit notes. */
export interface MissingDocument {
  readonly owner: { readonly invoice_id: string } | { readonly credit_note_id: string };
  readonly since: Instant;
}

/** What is final and has no document yet. One that was voided before it was printed is not printed any more, but its notes are. */
export async function findMissingDocuments(
  trx: Transaction,
  { id, status, finalized_at }: Pick<Invoice, 'id' | 'status' | 'finalized_at'>,
): Promise<MissingDocument[]> {
  if (finalized_at === null || (status !== 'finalized' && status !== 'voided')) return [];
  const has = await rows(trx, 'documents').where({ invoice_id: id }).first('id');
  const notes = (await rows(trx, 'credit_notes')
    .leftJoin('documents', 'documents.credit_note_id', 'credit_notes.id')
    .where({ 'credit_notes.invoice_id': id, 'credit_notes.status': 'finalized', 'documents.id': null })
    .orderBy('credit_notes.sequential_id')
    .select('credit_notes.id', 'credit_notes.created_at')) as unknown as { id: string; created_at: Instant }[];
  return [
    ...(has || status === 'voided' ? [] : [{ owner: { invoice_id: id }, since: finalized_at }]),
    // Those of a draft become final with it.
    ...notes.map((note) => ({ owner: { credit_note_id: note.id }, since: latest(note.created_at, finalized_at) })),
  ];
}

export async function unprintedSince(
  trx: Transaction,
  invoice: Pick<Invoice, 'id' | 'status' | 'finalized_at'>,
): Promise<Instant | null> {
  const since = (await findMissingDocuments(trx, invoice)).map((one) => one.since);
  return since.length === 0 ? null : earliest(...since);
}

export interface DocumentRow {
  readonly id: string;
  readonly invoice_id: string | null;
  readonly credit_note_id: string | null;
  readonly filename: string;
  readonly content_type: string;
  readonly content: Buffer;
}

export async function findDocument(trx: Transaction, id: string): Promise<DocumentRow | undefined> {
  return rows<DocumentRow>(trx, 'documents').where({ id }).first();
}

export interface NamedDocument {
  readonly id: string;
  readonly filename: string;
}

/** By what they are of. */
export async function findDocumentNames(
  trx: Transaction,
  owner: DocumentOwner,
  ids: readonly string[],
): Promise<Map<string, NamedDocument>> {
  const found = (await rows(trx, 'documents')
    .whereIn(owner, [...ids])
    .select('id', 'filename', { owner_id: owner })) as unknown as (NamedDocument & { owner_id: string })[];
  return new Map(found.map(({ id, filename, owner_id }) => [owner_id, { id, filename }]));
}

export type NewDocument = Pick<DocumentRow, 'filename' | 'content_type' | 'content'> &
  ({ readonly invoice_id: string } | { readonly credit_note_id: string });

/** Undefined when there is one of it already: it is written once. */
export async function insertDocument(
  trx: Transaction,
  document: NewDocument,
  at: Instant,
): Promise<DocumentRow | undefined> {
  const [row] = (await trx('documents')
    .insert({ id: newId(), ...document, organization_id: trx.organization_id, created_at: at })
    .onConflict('invoice_id' in document ? 'invoice_id' : 'credit_note_id')
    .ignore()
    .returning('*')) as DocumentRow[];
  return row;
}

/** What an invoice was made for before the end of its period; of several that were reached at once, the last. */
export async function findReachedThreshold(
  trx: Transaction,
  invoice_id: string,
): Promise<{ readonly usage_amount_cents: Cents; readonly threshold_amount_cents: Cents } | null> {
  const found = (await rows(trx, 'applied_usage_thresholds')
    .join('usage_thresholds', 'usage_thresholds.id', 'usage_threshold_id')
    .where({ invoice_id })
    .orderBy([
      { column: 'usage_thresholds.recurring', order: 'desc' },
      { column: 'usage_thresholds.amount_cents', order: 'desc' },
    ])
    .first({
      usage_amount_cents: 'lifetime_usage_amount_cents',
      threshold_amount_cents: 'usage_thresholds.amount_cents',
    })) as { usage_amount_cents: Cents; threshold_amount_cents: Cents } | undefined;
  return found ?? null;
}
