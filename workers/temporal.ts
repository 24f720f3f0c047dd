import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';
import { StartError } from './start-error.ts';

const CONNECT_MS = 10_000;

/** Both ways to the server: the client's, and that of the workers. */
export async function connectToTemporal({
  temporal,
}: Config): Promise<{ client_connection: Connection; connection: NativeConnection }> {
  const { address, tls, api_key, namespace } = temporal;
  if (!address)
    throw new StartError(
      'no Temporal server is configured: set TEMPORAL_ADDRESS, or run `npm start`, which brings one',
    );
  const options = { address, tls, apiKey: api_key };
  let client_connection: Connection | undefined;
  try {
    client_connection = await Connection.connect({ ...options, connectTimeout: CONNECT_MS });
    await client_connection.withDeadline(Date.now() + CONNECT_MS, () =>
      client_connection!.workflowService.describeNamespace({ namespace }),
    );
    return { client_connection, connection: await NativeConnection.connect(options) };
  } catch (error) {
    await client_connection?.close();
    throw explainTemporalError(error, address, namespace);
  }
}

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

function explainTemporalError(error: unknown, address: string, namespace: string): StartError {
  switch ((error as { code?: unknown }).code) {
    case NOT_FOUND:
      return new StartError(
        `Temporal at ${address} has no namespace ${namespace}: create it, or correct TEMPORAL_NAMESPACE`,
      );
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new StartError(`Temporal at ${address} refuses us: correct TEMPORAL_API_KEY`);
    default: {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      return new StartError(
        `no Temporal server answers at ${address} (${reason}): start it, or correct TEMPORAL_ADDRESS`,
      );
    }
  }
}
