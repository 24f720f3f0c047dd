import assert from 'node:assert/strict';
import { type DataExport, exportFilename, expiryOf, nextExportStep } from '../../billing/exports/data-export.ts';

describe('an export', () => {
  const at = '2026-01-31T10:00:00.000Z';
  const pending: DataExport = {
    id: 'x',
    resource_type: 'invoices',
    status: 'pending',
    email: 'a@b.example',
    rows_count: 0,
    filename: null,
    created_at: at,
    completed_at: null,
    expires_at: null,
    mailed_at: null,
  };
  const completed: DataExport = { ...pending, status: 'completed', completed_at: at, expires_at: expiryOf(at) };
  const week = '2026-02-07T10:00:00.000Z';

  const steps: [string, DataExport | undefined, boolean, string, string | null][] = [
    ['is written', pending, true, 'write_export', at],
    ['goes on being written', { ...pending, status: 'processing' }, true, 'write_export', at],
    ['is mailed', completed, true, 'mail_export', at],
    ['is not mailed without a mail server', completed, false, 'expire_export', week],
    ['is not mailed to nobody', { ...completed, email: null }, true, 'expire_export', week],
    ['is mailed once, and kept for a week', { ...completed, mailed_at: at }, true, 'expire_export', week],
    ['is over when it is gone', undefined, true, 'over', null],
  ];
  for (const [what, found, canMail, kind, due_at] of steps)
    it(what, () => assert.deepEqual(nextExportStep(found, { canMail }), { kind, due_at }));

  it('is named by the second and what it is of', () => {
    assert.equal(exportFilename('invoice_fees', at), '20260131100000_invoice_fees.csv');
  });
});
