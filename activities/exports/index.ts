import { Context } from '@temporalio/activity';
import type { Instant } from '../../billing/clock/instant.ts';
import {
  type ExportNextStep,
  type ExportStepKind,
  exportFilename,
  expiryOf,
  nextExportStep,
} from '../../billing/exports/data-export.ts';
import { exportUrl } from '../../billing/invoices/document-link.ts';
import { enter, strike } from '../../db/agenda.ts';
import {
  appendPart,
  type DataExportRow,
  deleteExport,
  exportWorkflow,
  findExport,
  lockExport,
  updateExport,
} from '../../db/data-exports.ts';
import { hear } from '../../db/outbox.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import type { Mailer } from '../mail/mailer.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from '../shared/step.ts';
import { writePart } from './write-part.ts';

export type { ExportStepKind };

export interface ExportCall {
  readonly organization_id: string;
  readonly data_export_id: string;
  readonly at: Instant;
}

export type ExportActivities = ReturnType<typeof createExportActivities>;

export function createExportActivities({ db, settings, mailer }: Deps & { readonly mailer: Mailer | undefined }) {
  const planAfter = (trx: Transaction, { data_export_id, at }: ExportCall): Promise<Step<ExportStepKind>> =>
    plan(trx, data_export_id, { at, canMail: mailer !== undefined });

  return {
    /** Reads the facts and names the next step. `at` is absent in a sandbox. */
    planExport({
      organization_id,
      data_export_id,
      at,
    }: Omit<ExportCall, 'at'> & { readonly at: Instant | undefined }): Promise<Step<ExportStepKind>> {
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, exportWorkflow(data_export_id));
        return planAfter(trx, { organization_id, data_export_id, at: (await readNow(trx, at)) ?? '' });
      });
    },

    /** Part after part, each in a transaction of its own with the place behind it: begun anew, it goes on from there. */
    async writeExport(call: ExportCall): Promise<Step<ExportStepKind>> {
      const { organization_id, data_export_id, at } = call;
      const { cancellationSignal } = Context.current();
      for (let isMore = true; isMore;) {
        cancellationSignal.throwIfAborted();
        isMore = await inOrganization(db, organization_id, (trx) => writeNextPart(trx, data_export_id, at));
      }
      return inOrganization(db, organization_id, (trx) => planAfter(trx, call));
    },

    /** Tells who asked for it. A mail that is sent twice has the same id twice. */
    async mailExport(call: ExportCall): Promise<Step<ExportStepKind>> {
      const { organization_id, data_export_id, at } = call;
      const found = await inOrganization(db, organization_id, (trx) => findExport(trx, data_export_id));
      if (mailer && found?.email && found.mailed_at === null) await mailer.send(mailOf(found));
      return inOrganization(db, organization_id, async (trx) => {
        await updateExport(trx, data_export_id, { mailed_at: at });
        return planAfter(trx, call);
      });
    },

    /** The link has expired: the file goes. */
    expireExport(call: ExportCall): Promise<Step<ExportStepKind>> {
      return inOrganization(db, call.organization_id, async (trx) => {
        await deleteExport(trx, call.data_export_id);
        return planAfter(trx, call);
      });
    },
  };

  async function writeNextPart(trx: Transaction, id: string, at: Instant): Promise<boolean> {
    const found = await lockExport(trx, id);
    if (!found || found.status === 'completed') return false;
    const part = await writePart(trx, found, settings);
    if (part.content !== '') await appendPart(trx, id, part.content);
    const rows_count = found.rows_count + part.rows_count;
    if (part.cursor) {
      await updateExport(trx, id, { status: 'processing', cursor: part.cursor, rows_count });
      return true;
    }
    const filename = exportFilename(found.resource_type, at);
    await updateExport(trx, id, {
      status: 'completed',
      rows_count,
      filename,
      completed_at: at,
      expires_at: expiryOf(at),
    });
    return false;
  }

  function mailOf({ id, organization_id, email, filename, resource_type, expires_at }: DataExportRow) {
    const link = exportUrl({ organization_id, id, filename: filename ?? '' }, settings);
    return {
      message_id: `export-${id}`,
      to: email ?? '',
      subject: `Your Perennial ${resource_type.replace('_', ' ')} export is ready!`,
      text: `Your export can be downloaded until ${expires_at && toMinute(expires_at)}:\n\n${link}\n`,
    };
  }
}

async function plan(
  trx: Transaction,
  id: string,
  { at, canMail }: { readonly at: Instant; readonly canMail: boolean },
): Promise<Step<ExportStepKind>> {
  const next = nextExportStep(await findExport(trx, id), { canMail });
  if (next.kind === 'over') await strike(trx, exportWorkflow(id));
  else await enter(trx, { workflow_id: exportWorkflow(id), step: next.kind, due_at: next.due_at });
  const planned_at = (await readNow(trx, undefined)) ?? at;
  const attributes = { ...NO_ATTRIBUTES, organization_id: trx.organization_id };
  return { ...next, planned_at, summary: summarize(next), attributes };
}

function summarize({ kind, due_at }: ExportNextStep): string {
  switch (kind) {
    case 'write_export':
      return 'writes the file';
    case 'mail_export':
      return 'mails the link';
    case 'expire_export':
      return `waits for the end of the link ${toMinute(due_at)}`;
    case 'over':
      return 'nothing left to do';
  }
}
