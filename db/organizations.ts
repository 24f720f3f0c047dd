import { randomBytes } from 'node:crypto';
import type { Instant } from '../billing/clock/instant.ts';
import type { Organization, OrganizationSettings } from '../billing/organizations/wire.ts';
import { assert } from '../billing/assert.ts';
import { defaultDocumentNumberPrefix } from '../billing/invoices/numbering.ts';
import { createApiKey } from './api-keys.ts';
import type { Database } from './connection.ts';
import { newId } from './ids.ts';
import { type WorkflowId, ring } from './outbox.ts';
import { createSandboxClock } from './sandbox-clocks.ts';
import { type Transaction, inOrganization, rows } from './transaction.ts';

export interface OrganizationRow extends Organization {
  readonly sandbox: boolean;
  readonly hmac_key: string;
  /** Every customer there ever was, deleted ones included: the next sequential id. */
  readonly customers_count: number;
  readonly numbered_invoices_count: number;
  readonly updated_at: Instant;
}

export interface NewOrganization {
  readonly name: string;
  readonly sandbox: boolean;
  /** Where a sandbox's clock stands at first; `at` when left out. */
  readonly clock?: Instant;
  /** The machine's time. */
  readonly at: Instant;
  /** Pepper of the digests of API keys. */
  readonly secret: string;
  readonly settings?: Partial<OrganizationSettings>;
  /** Whatever else belongs to its first transaction. */
  readonly prepare?: (trx: Transaction, organization: OrganizationRow, at: Instant) => Promise<void>;
}

/** Makes an organization with its first API key; a sandbox with its clock. */
export async function createOrganization(
  db: Database,
  { name, sandbox, clock, at: wall_at, secret, settings = {}, prepare }: NewOrganization,
): Promise<{ organization: OrganizationRow; api_key: string }> {
  const id = newId();
  const at = sandbox ? (clock ?? wall_at) : wall_at;
  return inOrganization(db, id, async (trx) => {
    const [organization] = (await trx('organizations')
      .insert({
        document_number_prefix: defaultDocumentNumberPrefix({ id, name }),
        ...settings,
        id,
        name,
        sandbox,
        hmac_key: randomBytes(24).toString('base64url'),
        created_at: at,
        updated_at: at,
      })
      .returning('*')) as OrganizationRow[];
    assert(organization, 'organization: the inserted row comes back');
    if (sandbox) await createSandboxClock(trx, at);
    const { api_key } = await createApiKey(trx, { secret, at });
    await prepare?.(trx, organization, at);
    return { organization, api_key };
  });
}

export async function findOrganization(trx: Transaction): Promise<OrganizationRow> {
  const organization = (await trx('organizations').where({ id: trx.organization_id }).first()) as
    OrganizationRow | undefined;
  assert(organization, 'organization: a bound transaction has one');
  return organization;
}

/** Locks the organization's row until the end of the transaction: for counters that must have no gaps. */
export async function lockOrganization(trx: Transaction): Promise<OrganizationRow> {
  const organization = (await trx('organizations').where({ id: trx.organization_id }).forUpdate().first()) as
    OrganizationRow | undefined;
  assert(organization, 'organization: a bound transaction has one');
  return organization;
}

export async function updateOrganization(
  trx: Transaction,
  changes: Partial<OrganizationSettings>,
  at: Instant,
): Promise<OrganizationRow> {
  const [organization] = (await trx('organizations')
    .where({ id: trx.organization_id })
    .update({ ...changes, updated_at: at })
    .returning('*')) as OrganizationRow[];
  assert(organization, 'organization: a bound transaction has one');
  return organization;
}

/** Removes it with everything in it. The rings of its workflows outlive it: each comes to look once more, finds nothing and ends. */
export async function removeOrganization(trx: Transaction): Promise<void> {
  const { organization_id } = trx;
  // Waits for whoever is still writing, so that no workflow enters the agenda after it was read.
  await lockOrganization(trx);
  await ring(trx, (await rows(trx, 'agenda').pluck('workflow_id')) as WorkflowId[]);
  // Too many for a cascade.
  await trx('events').where({ organization_id }).delete();
  await trx('organizations').where({ id: organization_id }).delete();
}
