export { dataExport } from './data-export.ts';
export { eventCheck } from './event-check.ts';
export { deletion } from './deletion.ts';
export { invoice } from './invoice.ts';
export { sandboxClock } from './sandbox-clock.ts';
export { subscription } from './subscription.ts';
export { vatCheck } from './vat-check.ts';
export { webhookEndpoint } from './webhook-endpoint.ts';
