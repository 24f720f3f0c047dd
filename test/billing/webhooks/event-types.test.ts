import assert from 'node:assert/strict';
import { type WebhookType, eventTypes, isEventTypeName, isWanted } from '../../../billing/webhooks/event-types.ts';

describe('the catalogue of webhooks', () => {
  it('names types as resource.happening, and objects as keys', () => {
    for (const [webhook_type, object_type] of Object.entries(eventTypes)) {
      assert.match(webhook_type, /^[a-z_]+\.[a-z_]+$/);
      assert.match(object_type, /^[a-z_]+$/);
    }
  });

  const cases: { event_types: string[] | null; webhook_type: WebhookType; wanted: boolean }[] = [
    { event_types: null, webhook_type: 'invoice.created', wanted: true },
    { event_types: [], webhook_type: 'invoice.created', wanted: false },
    { event_types: ['invoice.created'], webhook_type: 'invoice.created', wanted: true },
    { event_types: ['invoice.created'], webhook_type: 'invoice.drafted', wanted: false },
    { event_types: ['fee.created', 'invoice.drafted'], webhook_type: 'invoice.drafted', wanted: true },
    // The filter of Lago has another name for this one.
    { event_types: ['credit_note.provider_refund_failure'], webhook_type: 'credit_note.refund_failure', wanted: true },
    { event_types: ['credit_note.refund_failure'], webhook_type: 'credit_note.refund_failure', wanted: true },
  ];
  for (const { event_types, webhook_type, wanted } of cases)
    it(`an endpoint for ${JSON.stringify(event_types)} is ${wanted ? '' : 'not '}sent ${webhook_type}`, () => {
      assert.equal(isWanted(event_types, webhook_type), wanted);
    });

  for (const name of ['invoice.created', 'credit_note.refund_failure', 'credit_note.provider_refund_failure'])
    it(`${name} may be listened to`, () => assert(isEventTypeName(name)));
  for (const name of ['*', '', 'invoice', 'invoice.create', 'toString', 'constructor'])
    it(`'${name}' is nothing that happens`, () => assert(!isEventTypeName(name)));
});
