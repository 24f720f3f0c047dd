import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { DocumentActivities } from '../activities/documents/index.ts';
import type { InvoiceActivities, InvoiceStepKind } from '../activities/invoices/index.ts';
import { live, type LongLivedInput } from './shared/long-lived.ts';

const { planInvoice } = proxyLocalActivities<InvoiceActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const { refresh, finalize, markOverdue } = proxyActivities<InvoiceActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

const { renderInvoice } = proxyActivities<DocumentActivities>({
  taskQueue: 'documents',
  // The first may have to wait until a browser has been fetched.
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
});

export interface InvoiceInput extends LongLivedInput<InvoiceStepKind> {
  readonly organization_id: string;
  readonly invoice_id: string;
}

/** From generation until nothing more can happen to the invoice by itself. */
export async function invoice(input: InvoiceInput): Promise<void> {
  const { organization_id, invoice_id } = input;
  await live<InvoiceStepKind, InvoiceInput>(input, {
    plan: (at) => planInvoice({ organization_id, invoice_id, at }),
    take: ({ kind, due_at, planned_at }) => {
      const at = due_at ?? planned_at;
      switch (kind) {
        case 'refresh':
          return refresh({ organization_id, invoice_id, at });
        case 'finalize':
          return finalize({ organization_id, invoice_id, at });
        case 'render_document':
          return renderInvoice({ organization_id, invoice_id, at });
        case 'mark_overdue':
          return markOverdue({ organization_id, invoice_id, at });
        case 'over':
          throw new Error('an invoice that is over takes no step');
      }
    },
  });
}
