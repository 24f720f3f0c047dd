import { Readable } from 'node:stream';
import type Router from '@koa/router';
import { notFound } from '../../../billing/errors.ts';
import { isSignedBy } from '../../../billing/invoices/document-link.ts';
import type { Database } from '../../../db/connection.ts';
import { findExport, readPart } from '../../../db/data-exports.ts';
import { isId } from '../../../db/ids.ts';
import { inOrganization } from '../../../db/transaction.ts';
import type { ApiDeps } from '../../deps.ts';
import type { RequestState } from '../../middleware/request-log.ts';

const ROUTE = '/exports/:id/:filename';

/** Exports by their link, without an API key, part after part. Whatever is wrong with a link, or when it has expired, there is nothing behind it. */
export function serveExports(router: Router<RequestState>, { db, settings }: ApiDeps): void {
  router.get(ROUTE, async (context) => {
    context.state.route = ROUTE;
    const { id = '', filename = '' } = context.params as Record<string, string>;
    const { organization, signature } = context.query;
    if (typeof organization !== 'string' || typeof signature !== 'string' || !isId(organization) || !isId(id))
      throw notFound('export');
    if (!isSignedBy({ organization_id: organization, id, filename }, signature, settings.secret, 'export'))
      throw notFound('export');
    context.state.organization_id = organization;
    const found = await inOrganization(db, organization, (trx) => findExport(trx, id));
    if (found?.status !== 'completed') throw notFound('export');
    context.type = 'text/csv; charset=utf-8';
    context.set('content-disposition', `attachment; filename="${filename.replaceAll(/[^\w.-]/g, '_')}"`);
    context.set('cache-control', 'private, no-store');
    context.set('x-content-type-options', 'nosniff');
    context.body = Readable.from(parts(db, organization, id));
  });
}

async function* parts(db: Database, organization_id: string, id: string): AsyncGenerator<string> {
  for (let position = 0; ; position++) {
    const part = await inOrganization(db, organization_id, (trx) => readPart(trx, id, position));
    if (part === undefined) return;
    yield part;
  }
}
