import assert from 'node:assert/strict';
import { nextInvoiceStep } from '../../../billing/invoices/next-step.ts';

const DRAFT = {
  status: 'draft',
  timezone: 'UTC',
  expected_finalization_date: '2026-05-04',
  stale_at: null,
  finalized_at: null,
  payment_status: 'pending',
  payment_due_date: '2026-05-14',
  payment_overdue: false,
  payment_dispute_lost_at: null,
} as const;
const NOON = '2026-05-04T12:00:00.000Z';
const FINAL = { ...DRAFT, status: 'finalized', finalized_at: '2026-05-04T00:00:00.000Z' } as const;

describe('what happens to an invoice next', () => {
  type Facts = Parameters<typeof nextInvoiceStep>[0];
  const cases: [what: string, invoice: Facts, is_printed: boolean, step: string][] = [
    ['a draft becomes final on its day', DRAFT, false, 'finalize 2026-05-04T00:00:00.000Z'],
    ['as it begins where the customer is', { ...DRAFT, timezone: 'America/New_York' }, false, 'finalize 2026-05-04T04:00:00.000Z'],
    ['a stale draft is computed anew at once', { ...DRAFT, stale_at: '2026-05-02T10:00:00.000Z' }, false, 'refresh 2026-05-02T10:00:00.000Z'],
    ['unless it becomes final, which computes it as well', { ...DRAFT, stale_at: '2026-05-04T00:00:00.000Z' }, false, 'finalize 2026-05-04T00:00:00.000Z'],
    ['a final one is printed', FINAL, false, 'render_document 2026-05-04T12:00:00.000Z'],
    ['so are the credit notes of one that is voided', { ...FINAL, status: 'voided' }, false, 'render_document 2026-05-04T12:00:00.000Z'],
    ['then it is waited for until the day after it was due, by UTC', { ...FINAL, timezone: 'Asia/Tokyo' }, true, 'mark_overdue 2026-05-15T00:00:00.000Z'],
    ['also after a payment that failed', { ...FINAL, payment_status: 'failed' }, true, 'mark_overdue 2026-05-15T00:00:00.000Z'],
    ['not before it was final', { ...FINAL, payment_due_date: '2026-05-01' }, true, 'mark_overdue 2026-05-04T00:00:00.000Z'],
    ['nothing once it is paid', { ...FINAL, payment_status: 'succeeded' }, true, 'over null'],
    ['nothing once it has been told that it is overdue', { ...FINAL, payment_overdue: true }, true, 'over null'],
    ['nothing once the dispute is lost', { ...FINAL, payment_dispute_lost_at: '2026-05-10T00:00:00.000Z' }, true, 'over null'],
    ['and nothing after them', { ...FINAL, status: 'voided' }, true, 'over null'],
    ...(['closed', 'deleted', 'failed', 'pending'] as const).map((status): [string, Facts, boolean, string] => [`nothing to one that is ${status}`, { ...FINAL, status }, false, 'over null']),
  ]; // prettier-ignore
  for (const [what, invoice, is_printed, expected] of cases)
    it(what, () => {
      const { kind, due_at } = nextInvoiceStep(invoice, { unprinted_since: is_printed ? null : NOON });
      assert.equal(`${kind} ${due_at}`, expected);
    });
});
