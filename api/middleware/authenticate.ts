import type { Context } from 'koa';
import { type PermissionObject, isAllowed } from '../../billing/auth/permissions.ts';
import { BillingError, forbidden } from '../../billing/errors.ts';
import { type KeyHolder, digestApiKey, findKeyHolder } from '../../db/api-keys.ts';
import type { Database } from '../../db/connection.ts';
import type { Listener } from '../../db/listener.ts';
import { readOrganizationNow, stopwatch } from './clock.ts';

const KEYS_MAX = 10_000;
/** Notifications forget a key at once. This is for a listening connection that died without anybody noticing. */
const AGE_MAX_MS = 60_000;

interface Remembered {
  readonly holder: KeyHolder;
  readonly since: number;
}

const unauthorized = (): BillingError => new BillingError('unauthorized', 'unauthorized');

/** Keys by digest, so that a request costs no query. Trusted only while changes of keys are being listened to. */
export class ApiKeys {
  readonly #db: Database;
  readonly #secret: string;
  readonly #listener: Listener;
  readonly #known = new Map<string, Remembered>();
  /** Counts what may have made a running look-up stale. */
  #changes = 0;

  constructor(db: Database, secret: string, listener: Listener) {
    this.#db = db;
    this.#secret = secret;
    this.#listener = listener;
    listener.on('api_keys', (digest) => {
      this.#changes++;
      if (digest === '') this.#known.clear();
      else this.#known.delete(digest);
    });
  }

  async find(api_key: string): Promise<KeyHolder | undefined> {
    const digest = digestApiKey(api_key, this.#secret);
    const remembered = this.#known.get(digest);
    if (remembered && this.#listener.isListening && stopwatch() - remembered.since < AGE_MAX_MS)
      return remembered.holder;

    const changes = this.#changes;
    const holder = await findKeyHolder(this.#db, digest);
    this.#known.delete(digest);
    if (holder && this.#listener.isListening && changes === this.#changes) this.#remember(digest, holder);
    return holder;
  }

  #remember(digest: string, holder: KeyHolder): void {
    if (this.#known.size >= KEYS_MAX) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(digest, { holder, since: stopwatch() });
  }
}

const BEARER = /^Bearer +([\w-]{1,100}) *$/i;

/** Whose request it is, from its `Authorization` header. */
export async function authenticate(context: Context, keys: ApiKeys, db: Database): Promise<KeyHolder> {
  const api_key = BEARER.exec(context.get('authorization'))?.[1];
  const holder = api_key === undefined ? undefined : await keys.find(api_key);
  if (!holder) throw unauthorized();
  if (holder.expires_at !== null) {
    const at = await readOrganizationNow(db, holder.organization_id, holder.sandbox);
    if (holder.expires_at <= at) throw unauthorized();
  }
  return holder;
}

export function authorize(holder: KeyHolder, object: PermissionObject, method: string): void {
  const mode = method === 'GET' ? 'read' : 'write';
  if (!isAllowed(holder.permissions, object, mode)) throw forbidden(`${mode}_action_not_allowed_for_${object}`);
}
