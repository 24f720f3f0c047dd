import type Router from '@koa/router';
import { notFound } from '../../billing/errors.ts';
import { isSignedBy } from '../../billing/invoices/document-link.ts';
import { findDocument } from '../../db/documents.ts';
import { isId } from '../../db/ids.ts';
import { inOrganization } from '../../db/transaction.ts';
import type { ApiDeps } from '../deps.ts';
import type { RequestState } from '../middleware/request-log.ts';

const ROUTE = '/documents/:id/:filename';

/** Documents by their link, without an API key. Whatever is wrong with a link, there is nothing behind it. */
export function serveDocuments(router: Router<RequestState>, { db, settings }: ApiDeps): void {
  router.get(ROUTE, async (context) => {
    context.state.route = ROUTE;
    const { id = '', filename = '' } = context.params as Record<string, string>;
    const { organization, signature } = context.query;
    if (typeof organization !== 'string' || typeof signature !== 'string' || !isId(organization) || !isId(id))
      throw notFound('document');
    if (!isSignedBy({ organization_id: organization, id, filename }, signature, settings.secret))
      throw notFound('document');
    context.state.organization_id = organization;
    const document = await inOrganization(db, organization, (trx) => findDocument(trx, id));
    if (!document) throw notFound('document');
    context.type = document.content_type;
    context.set('content-disposition', contentDisposition(document.filename));
    context.set('cache-control', 'private, no-store');
    context.set('x-content-type-options', 'nosniff');
    context.body = document.content;
  });
}

/** Shown in the browser, and saved under its name. */
function contentDisposition(filename: string): string {
  const plain = filename.replaceAll(/[^\w.-]/g, '_');
  return `inline; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(filename)}`;
}
