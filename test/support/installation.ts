import { type Database, connect } from '../../db/connection.ts';
import { type TestDatabase, createTestDatabase } from './database.ts';
import { Processes } from './processes.ts';
import { type TestTemporal, createTestNamespace } from './temporal.ts';
import { type WebhookReceiver, startWebhookReceiver } from './webhook-receiver.ts';

/** What processes of ours run on: a database, a Temporal namespace, somebody who takes webhooks. */
export interface Installation {
  readonly processes: Processes;
  readonly database: TestDatabase;
  /** Connected as the owner: sees the rows of every organization. */
  readonly owner: Database;
  readonly temporal: TestTemporal;
  readonly receiver: WebhookReceiver;
  remove(): Promise<void>;
}

export async function createInstallation(): Promise<Installation> {
  const [database, temporal, receiver] = await Promise.all([
    createTestDatabase(),
    createTestNamespace(),
    startWebhookReceiver(),
  ]);
  const { app_url } = database;
  const { address: temporal_address, namespace } = temporal;
  const processes = new Processes({ app_url, temporal_address, namespace });
  const owner = connect(database.owner_url, { pool_max: 3, application_name: 'perennial-test-owner' });
  return {
    processes,
    database,
    owner,
    temporal,
    receiver,
    async remove() {
      await processes.killAll();
      await receiver.stop();
      await owner.destroy();
      await temporal.close();
      await database.drop();
    },
  };
}
