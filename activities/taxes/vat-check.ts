import { Context } from '@temporalio/activity';
import { type Instant, addMilliseconds, latest } from '../../billing/clock/instant.ts';
import { customerWire } from '../../billing/customers/wire.ts';
import { retryMinutes } from '../../billing/taxes/eu/retry.ts';
import { isoCountry, parseVatNumber, type VatNumber } from '../../billing/taxes/eu/vat-number.ts';
import { assignCheckedTax } from '../../billing/taxes/eu/assign.ts';
import { enter } from '../../db/agenda.ts';
import { findCustomerById, loadCustomers, type CustomerRow } from '../../db/customers.ts';
import { attachEuTaxes } from '../../db/eu-taxes.ts';
import { findOrganization } from '../../db/organizations.ts';
import { hear } from '../../db/outbox.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import {
  findPendingVatCheck,
  lockPendingVatCheck,
  strikeVatCheck,
  updateVatCheck,
  type VatCheckRow,
  vatCheckWorkflow,
} from '../../db/vat-checks.ts';
import { announce, hasWebhookEndpoints } from '../../db/webhooks.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from '../shared/step.ts';
import { askRegister, type RegisterAnswer } from './ask-register.ts';

export type VatCheckStepKind = 'check' | 'over';

export interface CheckVatNumber {
  readonly organization_id: string;
  readonly customer_id: string;
  /** Temporal's time. */
  readonly at: Instant;
}

export type VatCheckActivities = ReturnType<typeof createVatCheckActivities>;

const TIMEOUT_MILLISECONDS = 10_000;

export function createVatCheckActivities({ db, settings, wallClock }: Deps) {
  return {
    /** Asks the register what is to be asked, gives the customer its tax, and names the next attempt when it was out of order. */
    async checkVatNumber({ organization_id, customer_id, at }: CheckVatNumber): Promise<Step<VatCheckStepKind>> {
      const now = latest(at, wallClock());
      const due = await inOrganization(db, organization_id, (trx) => findDue(trx, customer_id, now));
      const number = due && parseVatNumber(due.number);
      const answer = due && (await ask(number));
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, vatCheckWorkflow(customer_id));
        const pending = await lockPendingVatCheck(trx, customer_id);
        // Another number may have been given meanwhile.
        if (answer && pending?.id === due.id) await settle(trx, pending, { number, answer, wall_at: now });
        return plan(trx, customer_id, now);
      });
    },
  };

  async function ask(number: VatNumber | undefined): Promise<RegisterAnswer> {
    if (!number) return { kind: 'answered', isValid: false, answer: {} };
    const signal = Context.current().cancellationSignal;
    return askRegister(number, { url: settings.vies_url, timeout_milliseconds: TIMEOUT_MILLISECONDS, signal });
  }
}

async function findDue(trx: Transaction, customer_id: string, now: Instant): Promise<VatCheckRow | undefined> {
  const pending = await findPendingVatCheck(trx, customer_id);
  return pending && (pending.next_attempt_at ?? now) <= now ? pending : undefined;
}

interface Outcome {
  readonly number: VatNumber | undefined;
  readonly answer: RegisterAnswer;
  readonly wall_at: Instant;
}

async function settle(trx: Transaction, check: VatCheckRow, { number, answer, wall_at }: Outcome): Promise<void> {
  const customer = await findCustomerById(trx, check.customer_id);
  // The organization's time; the wall's where the two are the same.
  const at = (await readNow(trx, undefined)) ?? wall_at;
  if (answer.kind === 'failed') {
    const failures = check.failures + 1;
    const next_attempt_at = addMilliseconds(wall_at, retryMinutes(failures) * 60_000);
    await updateVatCheck(trx, check.id, { failures, next_attempt_at, updated_at: at });
    if (customer) await tell(trx, customer, { valid: false, valid_format: true, error: answer.error }, at);
    return;
  }
  await updateVatCheck(trx, check.id, { status: 'answered', answer: answer.answer, updated_at: at });
  if (!customer) return;
  const { country } = await findOrganization(trx);
  const register_country = answer.isValid && number ? isoCountry(number.country_code) : null;
  const code = assignCheckedTax({ ...customer, organization_country: country ?? '' }, register_country);
  await attachEuTaxes(trx, customer.id, [code], at);
  await tell(trx, customer, describe(answer, number !== undefined), at);
}

/** The register's own words when it knows the number. */
function describe({ isValid, answer }: Extract<RegisterAnswer, { kind: 'answered' }>, valid_format: boolean): object {
  if (!isValid) return { valid: false, valid_format };
  const { countryCode, vatNumber, ...rest } = answer;
  return { country_code: countryCode, vat_number: vatNumber, ...rest };
}

async function tell(trx: Transaction, { id }: CustomerRow, vies_check: object, at: Instant): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const document = (await loadCustomers(trx, [id])).get(id);
  if (!document) return;
  const object = { ...customerWire(document), vies_check };
  await announce(trx, { webhook_type: 'customer.vies_check', object_type: 'customer', object_id: id, object }, at);
}

async function plan(trx: Transaction, customer_id: string, planned_at: Instant): Promise<Step<VatCheckStepKind>> {
  const attributes = { ...NO_ATTRIBUTES, organization_id: trx.organization_id, customer_id };
  const pending = await findPendingVatCheck(trx, customer_id);
  if (!pending) {
    await strikeVatCheck(trx, customer_id);
    return { kind: 'over', due_at: null, planned_at, summary: 'the register has answered', attributes };
  }
  const due_at = pending.next_attempt_at ?? planned_at;
  await enter(trx, { workflow_id: vatCheckWorkflow(customer_id), step: 'check', due_at });
  return { kind: 'check', due_at, planned_at, summary: `asks the register again at ${toMinute(due_at)}`, attributes };
}
