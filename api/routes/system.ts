import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import type Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import type { ApiDeps } from '../deps.ts';
import type { OpenApiDocument } from '../document.ts';
import { errorBody } from '../middleware/errors.ts';
import type { RequestState } from '../middleware/request-log.ts';

/** What looks after the process, not after billing: health, metrics, and the description of the API. */
export function serveSystem(router: Router<RequestState>, deps: ApiDeps, document: OpenApiDocument): void {
  serveHealth(router, deps);
  serveReference(router, document);
  get(router, '/metrics', async (context) => {
    context.type = deps.metrics.contentType;
    context.body = await deps.metrics.metrics();
  });
}

type Context = RouterContext<RequestState>;

function get(router: Router<RequestState>, route: string, answer: (context: Context) => void | Promise<void>): void {
  router.get(route, (context) => {
    context.state.route = route;
    return answer(context);
  });
}

function serveHealth(router: Router<RequestState>, { db, settings: { version }, isReady }: ApiDeps): void {
  get(router, '/health', async (context) => {
    try {
      await db.raw('select 1');
      context.body = { version, github_url: '', message: 'Success' };
    } catch {
      context.status = 500;
      context.body = { version, github_url: '', message: 'Unhealthy', details: 'the database does not answer' };
    }
  });
  get(router, '/health/live', (context) => {
    context.body = { status: 'alive' };
  });
  get(router, '/health/ready', async (context) => {
    const parts = await isReady();
    const missing = Object.keys(parts).filter((name) => !parts[name]);
    if (missing.length === 0) context.body = { status: 'ready', parts };
    else {
      context.status = 503;
      context.body = { ...errorBody(503, 'not_ready'), missing, parts };
    }
  });
}

const SCRIPT = createRequire(import.meta.url)
  .resolve('@scalar/api-reference')
  .replace(/index\.js$/, 'browser/standalone.js');

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Perennial API</title>
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/reference.js"></script>
    <script>Scalar.createApiReference('#reference', { url: '/openapi.json', withDefaultFonts: false, telemetry: false, hideClientButton: true, showDeveloperTools: 'never', agent: { disabled: true }, mcp: { disabled: true } })</script>
  </body>
</html>
`;

/** Whatever the script would like to fetch elsewhere: who reads the page, and what with, stays here. */
const POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:";

/** The reference page's script is served from our own installation: it works without the internet. */
function serveReference(router: Router<RequestState>, document: OpenApiDocument): void {
  const text = JSON.stringify(document);
  get(router, '/openapi.json', (context) => {
    context.type = 'json';
    context.body = text;
  });
  get(router, '/docs', (context) => {
    context.type = 'html';
    context.set('content-security-policy', POLICY);
    context.body = PAGE;
  });
  get(router, '/docs/reference.js', (context) => {
    context.type = 'js';
    context.set('cache-control', 'public, max-age=86400');
    context.body = createReadStream(SCRIPT);
  });
}
