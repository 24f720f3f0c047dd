import Router, { type RouterContext } from '@koa/router';
import Koa from 'koa';
import { notFound } from '../billing/errors.ts';
import { createEventWriter } from '../db/events.ts';
import { isLostRace } from '../db/failures.ts';
import { inOrganization } from '../db/transaction.ts';
import type { ApiDeps, OperationDeps } from './deps.ts';
import { type OpenApiDocument, describeOperations } from './document.ts';
import { KnownProperties } from './known-properties.ts';
import { ApiKeys, authenticate, authorize } from './middleware/authenticate.ts';
import { organizationNow, readOrganizationNow } from './middleware/clock.ts';
import { answerErrors } from './middleware/errors.ts';
import { type Input, inputParser, readBody } from './middleware/parse.ts';
import { type RequestState, logRequests, measureBacklogs } from './middleware/request-log.ts';
import type { CallWithoutTransaction, Operation } from './operation.ts';
import { serveAdmin } from './routes/admin.ts';
import { serveExports } from './routes/data-exports/serve.ts';
import { serveDocuments } from './routes/documents.ts';
import { serveLogos } from './routes/logos.ts';
import { operations } from './routes/index.ts';
import { serveSystem } from './routes/system.ts';

export const API_PREFIX = '/api/v1';
const ATTEMPTS_MAX = 4;

type AnyCall = CallWithoutTransaction<never, never, never>;

/** The whole HTTP API. The process that made `deps` listens, starts `deps.listener`, and stops both. */
export function createApp(deps: ApiDeps): Koa<RequestState> {
  const app = new Koa<RequestState>();
  // Errors of broken sockets end up here; those of requests were answered and logged before.
  app.on('error', (error: Error) => deps.log.debug({ err: error }, 'connection failed'));
  const router = new Router<RequestState>({ exclusive: true });
  const keys = new ApiKeys(deps.db, deps.settings.secret, deps.listener);
  measureBacklogs(deps.db, deps.metrics);

  const properties = new KnownProperties(deps.db, deps.listener);
  const operationDeps = { ...deps, events: createEventWriter(deps.db), properties };
  for (const operation of operations) serve(router, operation, keys, operationDeps);

  serveAdmin(router, deps);
  serveDocuments(router, deps);
  serveExports(router, deps);
  serveLogos(router, deps);
  serveSystem(router, deps, describeApi(deps));

  app.use(logRequests(deps.log, deps.metrics));
  app.use(answerErrors(deps.log));
  app.use(router.routes());
  app.use(() => {
    throw notFound('resource');
  });
  return app;
}

/** The OpenAPI document of everything below `/api/v1`. */
export function describeApi({ settings: { api_url, version } }: Pick<ApiDeps, 'settings'>): OpenApiDocument {
  return describeOperations(operations, { prefix: API_PREFIX, api_url, version });
}

/** `{code}` of the contract as the router writes it. */
function pattern(path: string): string {
  return API_PREFIX + path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function serve(router: Router<RequestState>, operation: Operation, keys: ApiKeys, deps: OperationDeps): void {
  const parseInput = inputParser(operation);
  const run = operation.transaction ? runInTransaction : runWithoutTransaction;
  const route = API_PREFIX + operation.path;

  const answer = async (context: RouterContext<RequestState>): Promise<void> => {
    context.state.route = route;
    const holder = await authenticate(context, keys, deps.db);
    context.state.organization_id = holder.organization_id;
    authorize(holder, operation.object, operation.method);
    const body = operation.body ? await readBody(context) : undefined;
    const input = parseInput(context.params, context.query, body);
    const origin = { user_agent: context.get('user-agent') || null, ip_address: context.ip };
    context.body = await run(operation, { ...input, ...holder, origin, deps });
  };
  router.register(pattern(operation.path), [operation.method], answer);
}

type Prepared = Input & Pick<AnyCall, 'organization_id' | 'sandbox' | 'origin' | 'deps'>;

async function runWithoutTransaction(operation: Operation, prepared: Prepared): Promise<unknown> {
  const { deps, organization_id, sandbox } = prepared;
  const at = await readOrganizationNow(deps.db, organization_id, sandbox);
  return operation.handle({ ...prepared, at } as never);
}

async function runInTransaction(operation: Operation, prepared: Prepared, attempt = 1): Promise<unknown> {
  const { deps, organization_id, sandbox } = prepared;
  try {
    return await inOrganization(deps.db, organization_id, async (trx) =>
      operation.handle({ ...prepared, trx, at: await organizationNow(trx, sandbox) } as never),
    );
  } catch (error) {
    if (!isLostRace(error) || attempt === ATTEMPTS_MAX) throw error;
    return runInTransaction(operation, prepared, attempt + 1);
  }
}
