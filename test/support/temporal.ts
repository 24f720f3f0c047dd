import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import Long from 'long';
import { ensureSearchAttributes } from '../../workers/search-attributes.ts';
import './quiet-temporal.ts';

const ADDRESS = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:17233';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  readonly client_connection: Connection;
  readonly connection: NativeConnection;
  close(): Promise<void>;
}

/** A namespace of its own on the tests' Temporal server: nobody else's workflows are in it. */
export async function createTestNamespace(): Promise<TestTemporal> {
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const client_connection = await Connection.connect({ address: ADDRESS });
  const connection = await NativeConnection.connect({ address: ADDRESS });
  await client_connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(24 * 3600), nanos: 0 },
  });
  await ensureSearchAttributes(client_connection, namespace);
  return {
    address: ADDRESS,
    namespace,
    client: new Client({ connection: client_connection, namespace }),
    client_connection,
    connection,
    async close() {
      await connection.close();
      await client_connection.close();
    },
  };
}
