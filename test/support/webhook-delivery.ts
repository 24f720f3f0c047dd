import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { type WebhookActivities, createWebhookActivities } from '../../activities/webhooks.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { type OrganizationRow, createOrganization } from '../../db/organizations.ts';
import { hear } from '../../db/outbox.ts';
import { type Transaction, inOrganization, rows } from '../../db/transaction.ts';
import {
  type WebhookEndpointFields,
  type WebhookEndpointRow,
  type WebhookRow,
  announce,
  createWebhookEndpoint,
  webhookEndpointWorkflow,
} from '../../db/webhooks.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from './database.ts';
import { type WebhookReceiver, startWebhookReceiver } from './webhook-receiver.ts';

const noon: Instant = '2026-03-01T12:00:00.000Z';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export type Round = Awaited<ReturnType<WebhookActivities['deliverWebhooks']>>;

interface Overrides {
  readonly timeout_seconds?: number;
  readonly allow_private_targets?: boolean;
}

/** An organization, its receiver, and the activity that delivers to it, new for each test of the enclosing `describe`. */
export class WebhookDelivery {
  #database: TestDatabase | undefined;
  #receiver: WebhookReceiver | undefined;
  #organization: OrganizationRow | undefined;
  readonly public_key: KeyObject = publicKey;
  /** The machine's time. */
  wall: Instant = noon;

  constructor() {
    before(async () => {
      this.#database = await createTestDatabase();
    });
    after(() => this.#database?.drop());
    beforeEach(async () => {
      this.wall = noon;
      this.#receiver = await startWebhookReceiver();
      const made = { name: 'Acme', sandbox: false, at: noon, secret: TEST_SECRET };
      this.#organization = (await createOrganization(this.#db, made)).organization;
    });
    afterEach(() => this.#receiver?.stop());
  }

  get #db(): TestDatabase['db'] {
    assert(this.#database, 'the database is made before the tests');
    return this.#database.db;
  }

  get receiver(): WebhookReceiver {
    assert(this.#receiver, 'the receiver is started before each test');
    return this.#receiver;
  }

  get organization(): OrganizationRow {
    assert(this.#organization, 'the organization is made before each test');
    return this.#organization;
  }

  activities(overrides: Overrides = {}): WebhookActivities {
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const webhooks = { attempts_max: 3, timeout_seconds: 5, allow_private_targets: true, private_key, ...overrides };
    return createWebhookActivities({
      db: this.#db,
      log: pino({ level: 'silent' }),
      wallClock: () => this.wall,
      settings: {
        api_url: 'https://billing.example',
        secret: TEST_SECRET,
        vies_url: 'http://127.0.0.1:9',
        termination_alert_days: [],
        webhooks,
      },
    });
  }

  run<T>(work: (trx: Transaction) => Promise<T>): Promise<T> {
    return inOrganization(this.#db, this.organization.id, work);
  }

  newEndpoint(fields: Partial<WebhookEndpointFields> = {}): Promise<WebhookEndpointRow> {
    const webhook_url = `${this.receiver.url}/hooks?a=b`;
    const defaults = { webhook_url, signature_algo: 'hmac', name: null, event_types: null } as const;
    return this.run(async (trx) => {
      const endpoint = await createWebhookEndpoint(trx, { ...defaults, ...fields }, noon);
      await hear(trx, webhookEndpointWorkflow(endpoint.id));
      return endpoint;
    });
  }

  /** Something happens to invoices. */
  send(...objects: object[]): Promise<void> {
    const announcement = { webhook_type: 'invoice.created', object_type: 'invoice', object_id: null } as const;
    const announcements = objects.map((object) => ({ ...announcement, object }));
    return this.run((trx) => announce(trx, announcements, noon));
  }

  /** One round of an endpoint. */
  deliver(
    { id: webhook_endpoint_id }: WebhookEndpointRow,
    { deliverWebhooks } = this.activities(),
    { environment = new MockActivityEnvironment(), at = this.wall } = {},
  ): Promise<Round> {
    return environment.run(deliverWebhooks, { organization_id: this.organization.id, webhook_endpoint_id, at });
  }

  webhooks(): Promise<WebhookRow[]> {
    return this.run(async (trx) => rows<WebhookRow>(trx, 'webhooks').orderBy('id'));
  }

  async onlyWebhook(): Promise<WebhookRow> {
    const [webhook, ...others] = await this.webhooks();
    assert(webhook !== undefined && others.length === 0, 'there is one webhook');
    return webhook;
  }

  agenda(): Promise<object[]> {
    return this.run(async (trx) => rows(trx, 'agenda').select('workflow_id', 'step', 'due_at', 'clock'));
  }

  async rings(): Promise<number> {
    return (await this.run(async (trx) => rows(trx, 'outbox'))).length;
  }
}
