import { type Instant, addMilliseconds } from '../clock/instant.ts';

export const exportTypes = ['invoices', 'invoice_fees'] as const;
export type ExportType = (typeof exportTypes)[number];

export const exportStatuses = ['pending', 'processing', 'completed'] as const;
export type ExportStatus = (typeof exportStatuses)[number];

/** A file of rows that is written in the background. */
export interface DataExport {
  readonly id: string;
  readonly resource_type: ExportType;
  readonly status: ExportStatus;
  /** Who is told when it is there; null: nobody. */
  readonly email: string | null;
  readonly rows_count: number;
  readonly filename: string | null;
  readonly created_at: Instant;
  readonly completed_at: Instant | null;
  readonly expires_at: Instant | null;
  readonly mailed_at: Instant | null;
}

const DAYS_KEPT = 7;

/** Its link does not work any more from then on. */
export function expiryOf(completed_at: Instant): Instant {
  return addMilliseconds(completed_at, DAYS_KEPT * 24 * 3600 * 1000);
}

/** `20260131100000_invoices.csv` */
export function exportFilename(resource_type: ExportType, at: Instant): string {
  return `${at.slice(0, 19).replaceAll(/\D/g, '')}_${resource_type}.csv`;
}

export type ExportStepKind = 'write_export' | 'mail_export' | 'expire_export' | 'over';

export type ExportNextStep =
  | { readonly kind: Exclude<ExportStepKind, 'over'>; readonly due_at: Instant }
  | { readonly kind: 'over'; readonly due_at: null };

/** It is written, somebody is told of it, and after a week it goes. */
export function nextExportStep(
  found: DataExport | undefined,
  { canMail }: { readonly canMail: boolean },
): ExportNextStep {
  if (!found) return { kind: 'over', due_at: null };
  const { status, created_at, completed_at, expires_at, email, mailed_at } = found;
  if (status !== 'completed' || completed_at === null || expires_at === null)
    return { kind: 'write_export', due_at: created_at };
  if (canMail && email !== null && mailed_at === null) return { kind: 'mail_export', due_at: completed_at };
  return { kind: 'expire_export', due_at: expires_at };
}
