import { createHmac } from 'node:crypto';
import { v4 } from 'uuid';
import type { Permissions } from '../billing/auth/permissions.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { Database } from './connection.ts';
import { newId } from './ids.ts';
import { type Transaction, insert } from './transaction.ts';

export interface ApiKeyRow {
  readonly id: string;
  readonly organization_id: string;
  readonly name: string | null;
  readonly digest: string;
  readonly last_four: string;
  readonly permissions: Permissions;
  readonly expires_at: Instant | null;
  readonly last_used_at: Instant | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

/** Whose a key is, and what it may do. */
export interface KeyHolder {
  readonly api_key_id: string;
  readonly organization_id: string;
  readonly sandbox: boolean;
  readonly permissions: Permissions;
  readonly expires_at: Instant | null;
}

/** Keys are stored as digests only; without the secret a copy of the table is of no use. */
export function digestApiKey(api_key: string, secret: string): string {
  return createHmac('sha256', secret).update(api_key).digest('hex');
}

export interface NewApiKey {
  readonly secret: string;
  readonly at: Instant;
  readonly name?: string | null;
  readonly permissions?: Permissions;
  readonly expires_at?: Instant | null;
}

/** Makes a key of the organization. Its text is returned here and can never be read again. */
export async function createApiKey(
  trx: Transaction,
  { secret, at, name = null, permissions = null, expires_at = null }: NewApiKey,
): Promise<{ row: ApiKeyRow; api_key: string }> {
  // Not version 7: a key must not be guessable from the time it was made.
  const api_key = v4();
  const [row] = await insert<ApiKeyRow>(trx, 'api_keys', {
    id: newId(),
    name,
    digest: digestApiKey(api_key, secret),
    last_four: api_key.slice(-4),
    permissions: permissions && JSON.stringify(permissions),
    expires_at,
    created_at: at,
    updated_at: at,
  });
  return { row: row as ApiKeyRow, api_key };
}

/** The one look-up that does not know its organization beforehand. Expired keys are found as well. */
export async function findKeyHolder(db: Database, digest: string): Promise<KeyHolder | undefined> {
  const { rows } = await db.raw<{ rows: KeyHolder[] }>('select * from authenticate_api_key(?)', [digest]);
  return rows[0];
}
