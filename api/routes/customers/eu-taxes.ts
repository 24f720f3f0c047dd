import type { Instant } from '../../../billing/clock/instant.ts';
import { assignEuTax } from '../../../billing/taxes/eu/assign.ts';
import type { CustomerRow } from '../../../db/customers.ts';
import { attachEuTaxes, hasEuTax } from '../../../db/eu-taxes.ts';
import { findOrganization } from '../../../db/organizations.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { dropVatCheck, requestVatCheck } from '../../../db/vat-checks.ts';

export interface CustomerChange {
  /** Undefined when it is new. */
  readonly before: CustomerRow | undefined;
  readonly after: CustomerRow;
  /** As asked for in the request; undefined: nothing was said. */
  readonly tax_codes: readonly string[] | null | undefined;
}

/**
 * Where European taxes are managed, a customer has the one that its address asks for, besides what the request names. A VAT number is
 * looked up first, by a workflow: until the register answers, taxes stay as they are.
 */
export async function assignEuTaxes(
  trx: Transaction,
  { before, after, tax_codes }: CustomerChange,
  at: Instant,
): Promise<void> {
  const { eu_tax_management, country } = await findOrganization(trx);
  if (!eu_tax_management || country === null) return;
  if (before && !isMoved(before, after) && (await hasEuTax(trx, after.id))) return;

  const assignment = assignEuTax({ ...after, organization_country: country });
  if (assignment.kind === 'check') return requestVatCheck(trx, after.id, assignment.number, at);
  await dropVatCheck(trx, after.id, at);
  await attachEuTaxes(trx, after.id, [...(tax_codes ?? []), assignment.tax_code], at);
}

function isMoved(before: CustomerRow, after: CustomerRow): boolean {
  const fields = ['country', 'zipcode', 'tax_identification_number'] as const;
  return fields.some((field) => before[field] !== after[field]);
}
