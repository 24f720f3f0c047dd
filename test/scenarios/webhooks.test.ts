import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import { inOrganization, rows } from '../../db/transaction.ts';
import { type Opening, type Sandbox, sandbox, storySystem, stories } from '../support/sandbox.ts';
import { until } from '../support/until.ts';
import { type ReceivedWebhook, type WebhookReceiver, startWebhookReceiver } from '../support/webhook-receiver.ts';

type Message = ReturnType<typeof JSON.parse>;

const messageOf = ({ body }: ReceivedWebhook): Message => JSON.parse(body);
const typeOf = (webhook: ReceivedWebhook): string => messageOf(webhook).webhook_type;

stories('webhooks', () => {
  let receiver: WebhookReceiver;

  beforeEach(async () => {
    receiver = await startWebhookReceiver();
  });
  afterEach(() => receiver.stop());

  async function listened(endpoint: object = {}, opening: Partial<Opening> = {}): Promise<Sandbox> {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z', ...opening });
    const webhook_endpoint = { webhook_url: `${receiver.url}/hooks`, signature_algo: 'hmac', ...endpoint };
    await billing.post('/webhook_endpoints', { webhook_endpoint });
    return billing;
  }

  const ofBilling = ['subscription.started', 'invoice.created', 'invoice.generated', 'fee.created'];

  it('tell of a subscription that starts, of its invoice, then of the document', async () => {
    const billing = await listened({ event_types: ofBilling });
    await billing.subscribe({ plan: {} });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    await receiver.receives(3);

    // What is on an invoice is told with it: no fee has a message of its own.
    assert.deepEqual(receiver.received.map(typeOf), ['subscription.started', 'invoice.created', 'invoice.generated']);
    const [started, created, generated] = receiver.received.map(messageOf);
    const invoice = await billing.onlyInvoice();
    assert.equal(started.object_type, 'subscription');
    assert.equal(started.subscription.external_id, 'sub');
    assert.equal(started.subscription.status, 'active');
    assert.equal(started.organization_id, billing.organization_id);
    assert.equal(created.invoice.lago_id, invoice.lago_id);
    assert.equal(created.invoice.status, 'finalized');
    assert.equal(created.invoice.file_url, null);
    assert.deepEqual(created.invoice.fees, invoice.fees);
    assert.equal(new URL(generated.invoice.file_url).pathname, new URL(invoice.file_url!).pathname);
  });

  it('are signed with the organization’s key', async () => {
    const billing = await listened({ event_types: ofBilling });
    await billing.subscribe({ plan: {} });
    await receiver.receives(1);
    const { headers, body, method, path } = receiver.received[0]!;
    const { db } = (await storySystem()).deps;
    const { hmac_key } = await inOrganization(db, billing.organization_id, async (trx) =>
      trx('organizations').where({ id: billing.organization_id }).first('hmac_key'),
    );
    assert.deepEqual([method, path], ['POST', '/hooks']);
    assert.equal(headers['x-lago-signature-algorithm'], 'hmac');
    assert.equal(headers['x-lago-signature'], createHmac('sha256', hmac_key).update(body).digest('base64'));
  });

  it('are signed with the installation’s key, which it publishes, if asked for a JWT', async () => {
    const billing = await listened({ event_types: ofBilling, signature_algo: 'jwt' });
    await billing.subscribe({ plan: {} });
    await receiver.receives(1);
    const { headers, body } = receiver.received[0]!;
    const { webhook } = await billing.get('/webhooks/json_public_key');
    const key = createPublicKey(Buffer.from(webhook.public_key, 'base64').toString());
    const { payload } = await jwtVerify(headers['x-lago-signature'] as string, key);
    assert.equal(headers['x-lago-signature-algorithm'], 'jwt');
    assert.equal(payload['data'], body);
  });

  it('of what is taken up and ended come in the order in which it happened', async () => {
    const billing = await listened();
    await billing.subscribe({ plan: {}, customer: { net_payment_term: 10 }, ending_at: '2026-05-15T00:00:00Z' });
    await billing.clock.moveTo('2026-05-20T00:00:00Z');
    await receiver.receives(10);
    assert.deepEqual(receiver.received.map(typeOf), [
      'plan.created',
      'customer.created',
      'subscription.started',
      // 15 days before its end.
      'subscription.termination_alert',
      'invoice.created',
      'invoice.generated',
      // Nobody paid the first within 10 days.
      'invoice.payment_overdue',
      'subscription.terminated',
      'invoice.created',
      'invoice.generated',
    ]);
  });

  it('tell of a draft, and of the invoice only when it is final', async () => {
    const billing = await listened();
    const graceful = { billing_configuration: { invoice_grace_period: 3 } };
    await billing.subscribe({ plan: {}, customer: graceful });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await receiver.receives(5);
    assert.deepEqual(receiver.received.map(typeOf).slice(3), ['invoice.drafted', 'invoice.ready_to_finalize']);
    await billing.clock.moveTo('2026-05-04T00:00:00Z');
    await receiver.receives(7);
    assert.deepEqual(receiver.received.map(typeOf).slice(5), ['invoice.created', 'invoice.generated']);
  });

  it('of invoices that were left out are not sent', async () => {
    const billing = await listened({}, { organization: { finalize_zero_amount_invoice: false } });
    await billing.subscribe({ plan: { amount_cents: 0 } });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await billing.terminate('sub', '?on_termination_invoice=skip');
    await receiver.receives(4);
    assert.deepEqual(receiver.received.map(typeOf), [
      'plan.created',
      'customer.created',
      'subscription.started',
      'subscription.terminated',
    ]);
  });

  it('that are refused are sent again, by the wall’s time, and hold up no clock', async () => {
    const billing = await listened({ event_types: ofBilling });
    receiver.answers.push(500);
    await billing.subscribe({ plan: {} });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.equal((await billing.invoices()).length, 1);
    await receiver.receives(4);
    const keys = receiver.received.map(({ headers }) => headers['x-lago-unique-key']);
    assert.equal(new Set(keys).size, 3);
    const refused = receiver.received.filter((webhook) => typeOf(webhook) === 'subscription.started');
    assert.deepEqual(refused[0]?.body, refused[1]?.body);
  });

  it('are written down with how they fared', async () => {
    const billing = await listened({ event_types: ofBilling });
    await billing.subscribe({ plan: {} });
    await receiver.receives(1);
    const { db } = (await storySystem()).deps;
    await until('it is written down', async () => {
      const [webhook] = await inOrganization(db, billing.organization_id, async (trx) => rows(trx, 'webhooks'));
      return webhook?.status === 'succeeded' && webhook.http_status === 200;
    });
  });
});
