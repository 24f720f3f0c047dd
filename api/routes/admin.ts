import { createHash, timingSafeEqual } from 'node:crypto';
import type Router from '@koa/router';
import { z } from 'zod';
import { BillingError, invalid, notFound } from '../../billing/errors.ts';
import { createOrganization } from '../../db/organizations.ts';
import { setFirstWebhookUrl } from '../../db/webhooks.ts';
import { instant, mandatoryText } from '../contracts/fields.ts';
import { organizationFields, toSettings } from '../contracts/organizations.ts';
import type { ApiDeps } from '../deps.ts';
import { wallNow } from '../middleware/clock.ts';
import { bodyParser, readBody } from '../middleware/parse.ts';
import type { RequestState } from '../middleware/request-log.ts';

const createInput = z.object({
  organization: z.object({
    ...organizationFields,
    name: mandatoryText,
    sandbox: z.boolean().nullish(),
    clock: instant.nullish(),
  }),
});

/** Digests have one length, and comparing them tells nothing about the key. */
function isSameKey(given: string, expected: string): boolean {
  const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Making organizations: for whoever runs the installation. Off without an admin key. */
export function serveAdmin(router: Router<RequestState>, { db, settings: { admin_api_key, secret } }: ApiDeps): void {
  const parse = bodyParser(createInput);
  const route = '/admin/organizations';
  router.post(route, async (context) => {
    context.state.route = route;
    if (admin_api_key === undefined) throw notFound('resource');
    if (!isSameKey(context.get('x-admin-api-key'), admin_api_key)) throw new BillingError('unauthorized', 'admin');
    const { organization: input } = parse(await readBody(context));

    const { name, sandbox: is_sandbox, clock, ...rest } = input;
    const sandbox = is_sandbox ?? false;
    if (clock && !sandbox) throw invalid({ clock: ['value_must_be_blank'] });
    const { organization, api_key } = await createOrganization(db, {
      name,
      sandbox,
      ...(clock && { clock }),
      at: wallNow(),
      secret,
      settings: toSettings(rest),
      async prepare(trx, _organization, at) {
        if (rest.webhook_url) await setFirstWebhookUrl(trx, rest.webhook_url, at);
      },
    });
    context.state.organization_id = organization.id;
    context.body = { organization: { lago_id: organization.id, name, sandbox, api_key } };
  });
}
