import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ExportActivities, ExportStepKind } from '../activities/exports/index.ts';
import { live, type LongLivedInput } from './shared/long-lived.ts';

const { planExport } = proxyLocalActivities<ExportActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const steps = proxyActivities<ExportActivities>({
  taskQueue: 'integrations',
  // It goes on where it was when it is begun anew.
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

export interface DataExportInput extends LongLivedInput<ExportStepKind> {
  readonly organization_id: string;
  readonly data_export_id: string;
}

/** From the request for a file until its link has expired. */
export async function dataExport(input: DataExportInput): Promise<void> {
  const { organization_id, data_export_id } = input;
  await live<ExportStepKind, DataExportInput>(input, {
    plan: (at) => planExport({ organization_id, data_export_id, at }),
    take: ({ kind, due_at, planned_at }) => {
      const call = { organization_id, data_export_id, at: due_at ?? planned_at };
      switch (kind) {
        case 'write_export':
          return steps.writeExport(call);
        case 'mail_export':
          return steps.mailExport(call);
        case 'expire_export':
          return steps.expireExport(call);
        case 'over':
          throw new Error('an export that is over takes no step');
      }
    },
  });
}
