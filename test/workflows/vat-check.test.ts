import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NO_ATTRIBUTES, type Step } from '../../activities/shared/step.ts';
import {
  type CheckVatNumber,
  createVatCheckActivities,
  type VatCheckActivities,
  type VatCheckStepKind,
} from '../../activities/taxes/vat-check.ts';
import { type Instant, addMilliseconds } from '../../billing/clock/instant.ts';
import { rows, inOrganization } from '../../db/transaction.ts';
import { ViesSimulator } from '../simulators/vies.ts';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';
import { type TestSystem, startSystem } from '../support/system.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

describe('the check of a VAT number', () => {
  describe('as a workflow', () => {
    let environment: TestWorkflowEnvironment;

    before(async function () {
      this.timeout(60_000);
      environment = await createTimeSkippingServer();
    });
    after(() => environment.teardown());

    it('is repeated when it is due, and ends with the answer', async () => {
      const asked: Instant[] = [];
      const answer = (kind: VatCheckStepKind, due_at: Instant | null, planned_at: Instant): Step<VatCheckStepKind> => ({
        kind,
        due_at,
        planned_at,
        summary: 'asks again',
        attributes: { ...NO_ATTRIBUTES, organization_id: 'org' },
      });
      const activities: VatCheckActivities = {
        checkVatNumber: async ({ at }: CheckVatNumber) => {
          asked.push(at);
          return asked.length < 3 ? answer('check', addMilliseconds(at, 300_000), at) : answer('over', null, at);
        },
      };
      const workers = await createTestWorkers(environment, activities);
      const run = async (): Promise<void> => {
        const handle = await environment.client.workflow.signalWithStart('vatCheck', {
          workflowId: 'vat-check/customer',
          taskQueue: 'billing',
          args: [{ organization_id: 'org', customer_id: 'customer' }],
          signal: 'wake',
          signalArgs: [],
        });
        await handle.result();
      };
      await workers.runUntil(run());
      assert.equal(asked.length, 3);
      for (const [before, after] of [asked.slice(0, 2), asked.slice(1)] as [Instant, Instant][])
        assert(after >= addMilliseconds(before, 300_000), `${before} ${after}`);
    });
  });

  describe('in the whole system', function () {
    this.timeout(60_000);
    let vies: ViesSimulator;
    let system: TestSystem;
    let receiver: WebhookReceiver;
    let acme: Sandbox;

    before(async () => {
      vies = await ViesSimulator.start();
      vies.known.set('FR40303265045', { name: 'SARL', address: 'Paris' });
      vies.known.set('DE136695976', { name: 'GmbH', address: 'Berlin' });
      system = await startSystem({ vies_url: vies.url });
    });
    after(async () => {
      await system.stop();
      await vies.stop();
    });
    beforeEach(async () => {
      vies.outage = undefined;
      receiver = await startWebhookReceiver();
      acme = await openSandbox(system, { at: '2026-01-31T10:00:00.000Z' });
      await acme.put('/billing_entities/default', { billing_entity: { country: 'FR', eu_tax_management: true } });
      await acme.post('/webhook_endpoints', {
        webhook_endpoint: { webhook_url: receiver.url, event_types: ['customer.vies_check'] },
      });
    });
    afterEach(() => receiver.stop());

    async function taxesOf(fields: object): Promise<string[]> {
      await acme.post('/customers', { customer: { external_id: 'cus', ...fields } });
      const body = await acme.get('/customers/cus');
      return body.customer.taxes.map((tax: { code: string }) => tax.code);
    }

    const numbers: [string, string, string, string][] = [
      ['of another member state: reverse charge', 'DE', 'DE136695976', 'lago_eu_reverse_charge'],
      ['of the seller’s country', 'FR', 'FR40303265045', 'lago_eu_fr_standard'],
      ['that nobody knows', 'DE', 'DE999999999', 'lago_eu_de_standard'],
      ['that has not the form of one', 'US', 'whatever', 'lago_eu_tax_exempt'],
    ];
    for (const [what, country, tax_identification_number, code] of numbers)
      it(`gives a customer its tax: a number ${what}`, async () => {
        assert.deepEqual(await taxesOf({ country, tax_identification_number }), [code]);
        await receiver.receives(1);
        const { customer } = JSON.parse(receiver.received[0]!.body) as {
          customer: { vies_check: Record<string, unknown> };
        };
        const isKnown = vies.known.has(tax_identification_number);
        assert.deepEqual(
          isKnown ? customer.vies_check['vat_number'] : customer.vies_check,
          isKnown
            ? tax_identification_number.slice(2)
            : { valid: false, valid_format: tax_identification_number !== 'whatever' },
        );
      });

    it('outlasts an outage of the register: taxes stay as they are until it answers', async () => {
      vies.outage = 'MS_UNAVAILABLE';
      await acme.post('/taxes', { tax: { name: 'own', code: 'own', rate: '1' } });
      assert.deepEqual(await taxesOf({ country: 'DE', tax_identification_number: 'DE136695976', tax_codes: ['own'] }), [
        'own',
      ]);
      await receiver.receives(1);
      const { customer } = JSON.parse(receiver.received[0]!.body) as {
        customer: { lago_id: string; vies_check: object };
      };
      assert.deepEqual(customer.vies_check, { valid: false, valid_format: true, error: 'MS_UNAVAILABLE' });

      const due = await inOrganization(system.db, acme.organization_id, (trx) =>
        rows<{ next_attempt_at: Instant }>(trx, 'vat_checks').first(),
      );
      vies.outage = undefined;
      const { checkVatNumber } = createVatCheckActivities({
        db: system.db,
        log: system.deps.log,
        wallClock: () => due!.next_attempt_at,
        settings: { ...system.deps.settings, vies_url: vies.url } as never,
      });
      const step = await new MockActivityEnvironment().run(checkVatNumber, {
        organization_id: acme.organization_id,
        customer_id: customer.lago_id,
        at: due!.next_attempt_at,
      });
      assert.equal((step as Step).kind, 'over');
      const body = await acme.get('/customers/cus');
      assert.deepEqual(
        body.customer.taxes.map((tax: { code: string }) => tax.code),
        ['lago_eu_reverse_charge'],
      );
    });
  });
});
