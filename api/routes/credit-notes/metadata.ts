import { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import type { CreditNote } from '../../../billing/credit-notes/credit-note.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { type CreditNoteRow, lockCreditNote, updateCreditNote } from '../../../db/credit-notes.ts';
import { isId } from '../../../db/ids.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { text } from '../../contracts/fields.ts';
import { metadataInput, metadataObject } from '../../contracts/metadata.ts';
import { type Operation, operation } from '../../operation.ts';

type Metadata = CreditNote['metadata'];

const params = z.object({ lago_id: z.string().meta({ format: 'uuid' }) });
const body = z.object({ metadata: metadataInput.nullable() });
const answer = z.object({ metadata: metadataObject });
const common = { tag: 'credit_notes', object: 'credit_note', params, answer } as const;

async function take(trx: Transaction, lago_id: string): Promise<CreditNoteRow> {
  const note = isId(lago_id) ? await lockCreditNote(trx, lago_id) : undefined;
  if (!note) throw notFound('credit_note');
  return note;
}

async function write(trx: Transaction, { id }: CreditNoteRow, metadata: Metadata, at: Instant) {
  return { metadata: (await updateCreditNote(trx, id, { metadata, updated_at: at })).metadata };
}

export const creditNoteMetadataOperations: Operation[] = [
  operation({
    ...common,
    op: 'POST /credit_notes/{lago_id}/metadata',
    summary: 'Replace the metadata of a credit note',
    body,
    errors: [400, 404, 422],
    handle: async ({ trx, at, params, body }) => write(trx, await take(trx, params.lago_id), body.metadata, at),
  }),
  operation({
    ...common,
    op: 'PATCH /credit_notes/{lago_id}/metadata',
    summary: 'Add to the metadata of a credit note',
    body,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const note = await take(trx, params.lago_id);
      const { success, data } = metadataInput.safeParse({ ...note.metadata, ...body.metadata });
      if (!success) throw invalid({ metadata: ['invalid_count'] });
      return write(trx, note, data, at);
    },
  }),
  operation({
    ...common,
    op: 'DELETE /credit_notes/{lago_id}/metadata',
    summary: 'Remove the metadata of a credit note',
    errors: [404],
    handle: async ({ trx, at, params }) => write(trx, await take(trx, params.lago_id), null, at),
  }),
  operation({
    ...common,
    op: 'DELETE /credit_notes/{lago_id}/metadata/{key}',
    summary: 'Remove one of the metadata of a credit note',
    params: params.extend({ key: text }),
    errors: [404],
    async handle({ trx, at, params: { lago_id, key } }) {
      const note = await take(trx, lago_id);
      if (!Object.hasOwn(note.metadata ?? {}, key)) throw notFound('metadata');
      const { [key]: _, ...rest } = note.metadata ?? {};
      return write(trx, note, rest, at);
    },
  }),
];
