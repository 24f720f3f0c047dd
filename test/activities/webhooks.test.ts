import assert from 'node:assert/strict';
import { jwtVerify } from 'jose';
import { Webhook } from 'standardwebhooks';
import { hmac } from '../../activities/webhooks/sign.ts';
import { type Instant, addMilliseconds } from '../../billing/clock/instant.ts';
import {
  deleteWebhookEndpoint,
  retryWebhook,
  updateWebhookEndpoint,
  webhookEndpointWorkflow,
} from '../../db/webhooks.ts';
import { WebhookDelivery } from '../support/webhook-delivery.ts';
import type { WebhookReceiver } from '../support/webhook-receiver.ts';

describe('delivering webhooks', () => {
  const delivery = new WebhookDelivery();

  describe('a message', () => {
    it('is posted as it was frozen, with a unique key', async () => {
      const endpoint = await delivery.newEndpoint();
      await delivery.send({ lago_id: 'i', note: 'Grüße, 株式会社 😀' });
      const round = await delivery.deliver(endpoint);

      const webhook = await delivery.onlyWebhook();
      const [request] = delivery.receiver.received;
      assert.equal(delivery.receiver.received.length, 1);
      assert.deepEqual([request?.method, request?.path], ['POST', '/hooks?a=b']);
      assert.equal(request?.headers['content-type'], 'application/json');
      assert.equal(request?.headers['x-lago-unique-key'], webhook.id);
      assert.equal(request?.body, webhook.payload);
      assert.deepEqual(JSON.parse(request?.body ?? ''), {
        webhook_type: 'invoice.created',
        object_type: 'invoice',
        organization_id: delivery.organization.id,
        invoice: { lago_id: 'i', note: 'Grüße, 株式会社 😀' },
      });
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.response, webhook.retries, webhook.last_retried_at],
        ['succeeded', 200, 'answered 200', 0, null],
      );
      assert.deepEqual([round.kind, round.due_at], ['deliver', null]);
    });

    it('is signed with the HMAC key of its organization', async () => {
      // The vector of Lago's documentation.
      const body = '{"webhook_type":"wallet.terminated","object_type":"wallet"}';
      assert.equal(hmac('c0ffee00-0000-4000-8000-000000000001', body), '9Pwoa1xquAMe22vqLETM3KGL02P7xPcTWTIyftlDVWM=');

      const endpoint = await delivery.newEndpoint({ signature_algo: 'hmac' });
      await delivery.send({ name: 'é' });
      await delivery.deliver(endpoint);
      const [request] = delivery.receiver.received;
      assert.equal(request?.headers['x-lago-signature-algorithm'], 'hmac');
      const key = await crypto.subtle.importKey(
        'raw',
        Buffer.from(delivery.organization.hmac_key),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['verify'],
      );
      const signature = Buffer.from(request?.headers['x-lago-signature'] as string, 'base64');
      assert(await crypto.subtle.verify('HMAC', key, signature, Buffer.from(request?.body ?? '')));
    });

    it('is signed with a JWT of the installation that holds the body and does not expire', async () => {
      const endpoint = await delivery.newEndpoint({ signature_algo: 'jwt' });
      await delivery.send({ name: 'é' });
      await delivery.deliver(endpoint);
      const [request] = delivery.receiver.received;
      assert.equal(request?.headers['x-lago-signature-algorithm'], 'jwt');
      const { payload, protectedHeader } = await jwtVerify(
        request?.headers['x-lago-signature'] as string,
        delivery.public_key,
      );
      assert.equal(protectedHeader.alg, 'RS256');
      assert.deepEqual(payload, { data: request?.body, iss: 'https://billing.example' });
    });

    for (const signature_algo of ['jwt', 'hmac'] as const)
      it(`is verified by Standard Webhooks as well, beside ${signature_algo}`, async () => {
        delivery.wall = new Date().toISOString();
        const endpoint = await delivery.newEndpoint({ signature_algo });
        await delivery.send({ name: 'é' });
        await delivery.deliver(endpoint);
        const { headers, body } = delivery.receiver.received[0]!;
        const verifier = new Webhook(`whsec_${Buffer.from(delivery.organization.hmac_key).toString('base64')}`);
        verifier.verify(body, headers as Record<string, string>);
        assert.throws(() => verifier.verify(body.replace('é', 'e'), headers as Record<string, string>));
        assert.equal(headers['webhook-id'], headers['x-lago-unique-key']);
      });

    it('is sent once to each endpoint that listens', async () => {
      const [first, second] = [
        await delivery.newEndpoint(),
        await delivery.newEndpoint({ webhook_url: `${delivery.receiver.url}/second` }),
      ];
      await delivery.newEndpoint({ webhook_url: `${delivery.receiver.url}/third`, event_types: ['fee.created'] });
      await delivery.send({ n: 1 }, { n: 2 });
      await delivery.deliver(first);
      await delivery.deliver(second);
      await delivery.deliver(first);
      assert.deepEqual(delivery.receiver.received.map((request) => request.path).sort(), [
        '/hooks?a=b',
        '/hooks?a=b',
        '/second',
        '/second',
      ]);
      assert.equal(new Set(delivery.receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 4);
    });
  });

  describe('a failed attempt', () => {
    it('is followed by others after about 3 and 19 seconds, with the same body and key, until one succeeds', async () => {
      const endpoint = await delivery.newEndpoint();
      delivery.receiver.answers.push(500, 503);
      await delivery.send({ n: 1 });

      const first = await delivery.deliver(endpoint);
      assert(
        first.due_at !== null &&
          first.due_at >= '2026-03-01T12:00:03.000Z' &&
          first.due_at <= '2026-03-01T12:00:03.150Z',
      );
      const failed = await delivery.onlyWebhook();
      assert.deepEqual(
        [failed.status, failed.http_status, failed.response, failed.retries],
        ['retrying', 500, 'answered 500', 0],
      );
      assert.deepEqual((await delivery.agenda())[0], {
        workflow_id: webhookEndpointWorkflow(endpoint.id),
        step: 'deliver',
        due_at: first.due_at,
        clock: 'wall',
      });

      assert.equal((await delivery.deliver(endpoint)).due_at, first.due_at);
      assert.equal(delivery.receiver.received.length, 1);

      delivery.wall = first.due_at;
      const second = await delivery.deliver(endpoint);
      const milliseconds = Date.parse(second.due_at ?? '') - Date.parse(delivery.wall);
      assert(milliseconds >= 18_000 && milliseconds <= 20_400);

      // Changed by the customer in the meantime: goes to the new URL.
      await delivery.run((trx) =>
        updateWebhookEndpoint(trx, endpoint.id, { webhook_url: `${delivery.receiver.url}/moved` }, delivery.wall),
      );
      delivery.wall = second.due_at as Instant;
      assert.equal((await delivery.deliver(endpoint)).due_at, null);
      const webhook = await delivery.onlyWebhook();
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.retries, webhook.last_retried_at],
        ['succeeded', 200, 2, delivery.wall],
      );

      assert.equal(delivery.receiver.received.length, 3);
      assert.equal(new Set(delivery.receiver.received.map((request) => request.body)).size, 1);
      assert.equal(new Set(delivery.receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 1);
      assert.equal(delivery.receiver.received[2]?.path, '/moved');
    });

    it('is the last after the third; a manual retry is one more', async () => {
      const endpoint = await delivery.newEndpoint();
      delivery.receiver.answers.push(500, 500, 500, 500);
      await delivery.send({ n: 1 });
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const { due_at } = await delivery.deliver(endpoint);
        assert.equal(due_at === null, attempt === 3);
        delivery.wall = due_at ?? delivery.wall;
      }
      const webhook = await delivery.onlyWebhook();
      assert.deepEqual([webhook.status, webhook.retries], ['failed', 2]);
      delivery.wall = addMilliseconds(delivery.wall, 3_600_000);
      await delivery.deliver(endpoint);
      assert.equal(delivery.receiver.received.length, 3);

      await delivery.run((trx) => retryWebhook(trx, webhook.id));
      assert.equal(await delivery.rings(), 1);
      assert.equal((await delivery.deliver(endpoint)).due_at, null);
      assert.deepEqual([(await delivery.onlyWebhook()).status, (await delivery.onlyWebhook()).retries], ['failed', 3]);
      await delivery.run((trx) => retryWebhook(trx, webhook.id));
      await delivery.deliver(endpoint);
      assert.deepEqual(
        [(await delivery.onlyWebhook()).status, (await delivery.onlyWebhook()).retries],
        ['succeeded', 4],
      );
      assert.equal(new Set(delivery.receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 1);
    });

    for (const status of [203, 206, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
      it(`is an answer with ${status}, and nothing is followed`, async () => {
        const endpoint = await delivery.newEndpoint();
        delivery.receiver.answers.push((response) =>
          response.writeHead(status, { location: `${delivery.receiver.url}/elsewhere` }).end(),
        );
        await delivery.send({ n: 1 });
        await delivery.deliver(endpoint);
        assert.equal(delivery.receiver.received.length, 1);
        assert.deepEqual(
          [(await delivery.onlyWebhook()).status, (await delivery.onlyWebhook()).http_status],
          ['retrying', status],
        );
      });

    for (const status of [200, 201, 202, 204])
      it(`is not an answer with ${status}`, async () => {
        const endpoint = await delivery.newEndpoint();
        delivery.receiver.answers.push(status);
        await delivery.send({ n: 1 });
        await delivery.deliver(endpoint);
        assert.equal((await delivery.onlyWebhook()).status, 'succeeded');
      });

    it('is a receiver that is not there, hangs up, says nothing, or says it drop by drop', async () => {
      const quick = delivery.activities({ timeout_seconds: 0.2 });
      const cases: { answer: WebhookReceiver['answers'][number]; reason: RegExp }[] = [
        { answer: (response) => response.destroy(), reason: /UND_ERR_SOCKET|ECONNRESET/ },
        { answer: () => undefined, reason: /timeout/i },
        { answer: (response) => response.writeHead(200).write('o'), reason: /timeout/i },
        {
          answer: (response) => {
            response.writeHead(200);
            const dripping = setInterval(() => response.write('.'), 50);
            response.on('close', () => clearInterval(dripping));
          },
          reason: /timeout/i,
        },
        {
          answer: (response) => response.socket?.end('this is not HTTP\r\n\r\n'),
          reason: /HPE_|UND_ERR|HTTPParserError/,
        },
      ];
      for (const { answer, reason } of cases) {
        const endpoint = await delivery.newEndpoint({ webhook_url: `${delivery.receiver.url}/${reason.source}` });
        delivery.receiver.answers.push(answer);
        await delivery.send({ n: 1 });
        await delivery.deliver(endpoint, quick);
        const webhook = await delivery.onlyWebhook();
        assert.deepEqual([webhook.status, webhook.http_status], ['retrying', null]);
        assert.match(webhook.response ?? '', reason);
        await delivery.run((trx) => deleteWebhookEndpoint(trx, endpoint.id));
      }
      const endpoint = await delivery.newEndpoint({ webhook_url: 'http://127.0.0.1:1/' });
      await delivery.send({ n: 1 });
      await delivery.deliver(endpoint, quick);
      assert.match((await delivery.onlyWebhook()).response ?? '', /^ECONNREFUSED/);
    });

    it('is a private address, unless the operator allows it', async () => {
      const endpoint = await delivery.newEndpoint();
      await delivery.send({ n: 1 });
      await delivery.deliver(endpoint, delivery.activities({ allow_private_targets: false }));
      assert.equal(delivery.receiver.received.length, 0);
      const webhook = await delivery.onlyWebhook();
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.response],
        ['retrying', null, 'address_refused: the address is not public'],
      );
    });
  });
});
