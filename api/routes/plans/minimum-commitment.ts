import type { Instant } from '../../../billing/clock/instant.ts';
import {
  deleteMinimumCommitment,
  findMinimumCommitment,
  setMinimumCommitment,
} from '../../../db/minimum-commitments.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { PlanCreateInput } from '../../contracts/plans.ts';
import type { Details, References } from './charges.ts';

type Input = PlanCreateInput['minimum_commitment'];

function isEmpty(input: Input): boolean {
  return !input || Object.values(input).every((value) => value === undefined);
}

/** A new one needs its amount. */
export async function checkMinimumCommitment(
  trx: Transaction,
  plan_id: string | undefined,
  input: Input,
): Promise<Details> {
  if (isEmpty(input) || input?.amount_cents !== undefined) return {};
  const known = plan_id !== undefined && (await findMinimumCommitment(trx, plan_id));
  return known ? {} : { amount_cents: ['value_is_mandatory'] };
}

/** Absent: untouched. Empty or null: none any more. */
export async function writeMinimumCommitment(
  trx: Transaction,
  plan_id: string,
  input: Input,
  references: References,
  at: Instant,
): Promise<void> {
  if (input === undefined) return;
  if (input === null || isEmpty(input)) return deleteMinimumCommitment(trx, plan_id);
  const { amount_cents, invoice_display_name, tax_codes } = input;
  const tax_ids = tax_codes === undefined ? undefined : references.taxIds(tax_codes);
  await setMinimumCommitment(trx, plan_id, { amount_cents, invoice_display_name }, tax_ids, at);
}
