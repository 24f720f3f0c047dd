import type { Instant } from '../billing/clock/instant.ts';
import type { Logo } from '../billing/organizations/logo.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface LogoRow extends Logo {
  readonly id: string;
  readonly created_at: Instant;
}

/** Null: the organization has none any more. */
export async function replaceLogo(trx: Transaction, logo: Logo | null, at: Instant): Promise<void> {
  await rows(trx, 'logos').delete();
  if (logo) await insert(trx, 'logos', { id: newId(), ...logo, created_at: at });
}

export async function findLogo(trx: Transaction): Promise<LogoRow | undefined> {
  return rows<LogoRow>(trx, 'logos').first();
}

/** Without the image. */
export async function findLogoName(trx: Transaction): Promise<Pick<LogoRow, 'id' | 'content_type'> | undefined> {
  return rows<LogoRow>(trx, 'logos').first('id', 'content_type');
}
