import type Router from '@koa/router';
import { notFound } from '../../billing/errors.ts';
import { isSignedBy } from '../../billing/invoices/document-link.ts';
import { isId } from '../../db/ids.ts';
import { findLogo } from '../../db/logos.ts';
import { inOrganization } from '../../db/transaction.ts';
import type { ApiDeps } from '../deps.ts';
import type { RequestState } from '../middleware/request-log.ts';

const ROUTE = '/logos/:id/:filename';

/** Logos by their link, without an API key. One that was replaced is gone. */
export function serveLogos(router: Router<RequestState>, { db, settings }: ApiDeps): void {
  router.get(ROUTE, async (context) => {
    context.state.route = ROUTE;
    const { id = '', filename = '' } = context.params as Record<string, string>;
    const { organization, signature } = context.query;
    if (typeof organization !== 'string' || typeof signature !== 'string' || !isId(organization) || !isId(id))
      throw notFound('logo');
    if (!isSignedBy({ organization_id: organization, id, filename }, signature, settings.secret, 'logo'))
      throw notFound('logo');
    context.state.organization_id = organization;
    const logo = await inOrganization(db, organization, findLogo);
    if (logo?.id !== id) throw notFound('logo');
    context.type = logo.content_type;
    context.set('cache-control', 'private, max-age=86400');
    context.set('x-content-type-options', 'nosniff');
    context.body = logo.content;
  });
}
