import type { AggregationType } from '../../billing/billable-metrics/aggregation.ts';
import { addDays } from '../../billing/clock/calendar.ts';
import { type Instant, addMilliseconds } from '../../billing/clock/instant.ts';
import type { Fee, FeeTax } from '../../billing/fees/fee.ts';
import type { BillingPeriod, Invoice, InvoiceTax } from '../../billing/invoices/invoice.ts';
import type { Subscription } from '../../billing/subscriptions/subscription.ts';
import type { Database } from '../../db/connection.ts';
import { lockOrCreateCustomer, type CustomerFields, type CustomerRow, updateCustomer } from '../../db/customers.ts';
import { type FeeRow, insertFees, insertFeeTaxes } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import { type InvoiceRow, insertBillingPeriods, insertInvoice, insertInvoiceTaxes } from '../../db/invoices.ts';
import {
  type ChargeFields,
  type PlanFields,
  type PlanRow,
  findCharges,
  insertCharges,
  insertPlan,
} from '../../db/plans.ts';
import { type SubscriptionRow, insertSubscription } from '../../db/subscriptions.ts';
import { type Transaction, inOrganization, insert } from '../../db/transaction.ts';

/** Rows as billing would have left them, for tests that do not want to wait for it. What is not said is plausible. */
export class Builders {
  readonly #db: Database;
  readonly #organization_id: string;
  #at: Instant;

  constructor(db: Database, organization_id: string, at: Instant) {
    this.#db = db;
    this.#organization_id = organization_id;
    this.#at = at;
  }

  write<T>(work: (trx: Transaction) => Promise<T>): Promise<T> {
    return inOrganization(this.#db, this.#organization_id, work);
  }

  /** A second later than the row before, so that the order of creation is certain. */
  #next(): Instant {
    this.#at = addMilliseconds(this.#at, 1000);
    return this.#at;
  }

  customer(external_id = 'cus', fields: Partial<CustomerFields> = {}): Promise<CustomerRow> {
    const at = this.#next();
    return this.write(async (trx) => {
      const { customer } = await lockOrCreateCustomer(trx, external_id, at);
      return updateCustomer(trx, customer.id, { currency: 'EUR', ...fields }, at);
    });
  }

  metric(
    code = 'calls',
    fields: { readonly aggregation_type?: AggregationType; readonly field_name?: string } = {},
  ): Promise<{ readonly id: string; readonly code: string; readonly name: string }> {
    const at = this.#next();
    const row = {
      id: newId(),
      code,
      name: `All ${code}`,
      aggregation_type: 'count_agg',
      created_at: at,
      updated_at: at,
      ...fields,
    };
    return this.write(async (trx) => {
      await insert(trx, 'billable_metrics', row);
      return row;
    });
  }

  plan(
    code = 'pro',
    fields: Partial<PlanFields> = {},
    charges: readonly (Partial<ChargeFields> & Pick<ChargeFields, 'billable_metric_id'>)[] = [],
  ): Promise<PlanRow & { readonly charge_ids: readonly string[] }> {
    const at = this.#next();
    return this.write(async (trx) => {
      const plan = await insertPlan(trx, { ...PLAN, name: `Plan ${code}`, code, ...fields }, at);
      await insertCharges(
        trx,
        plan.id,
        charges.map((charge, index) => ({ ...CHARGE, code: `charge_${index + 1}`, ...charge })),
        at,
      );
      return { ...plan, charge_ids: (await findCharges(trx, plan.id)).map(({ id }) => id) };
    });
  }

  subscription(
    customer: Pick<CustomerRow, 'id'>,
    plan: Pick<PlanRow, 'id'>,
    fields: Partial<Subscription> = {},
  ): Promise<SubscriptionRow> {
    const at = this.#next();
    const started_at = fields.subscription_at ?? at;
    const row = { ...SUBSCRIPTION, subscription_at: at, started_at, activated_at: at, created_at: at, updated_at: at };
    return this.write((trx) =>
      insertSubscription(trx, { ...row, id: newId(), customer_id: customer.id, plan_id: plan.id, ...fields }),
    );
  }

  /** Finalized, of one subscription, unless said otherwise. Its totals are those of its fees. */
  invoice(
    customer: Pick<CustomerRow, 'id'>,
    fields: Partial<Invoice> = {},
    parts: InvoiceParts = {},
  ): Promise<InvoiceRow> {
    const at = this.#next();
    const { fees = [], taxes = [], periods = [] } = parts;
    const total = fees.reduce((sum, fee) => sum + (fee.amount_cents ?? FEE.amount_cents), 0);
    const tax = taxes.reduce((sum, one) => sum + one.amount_cents, 0);
    return this.write(async (trx) => {
      const invoice = await insertInvoice(trx, {
        ...INVOICE,
        id: newId(),
        customer_id: customer.id,
        billing_at: at,
        number: `ACM-0001-${newId().slice(-12)}`,
        issuing_date: at.slice(0, 10),
        payment_due_date: addDays(at.slice(0, 10), fields.net_payment_term ?? 0),
        fees_amount_cents: total,
        sub_total_excluding_taxes_amount_cents: total,
        taxes_amount_cents: tax,
        sub_total_including_taxes_amount_cents: total + tax,
        total_amount_cents: total + tax,
        expected_finalization_date: at.slice(0, 10),
        finalized_at: at,
        created_at: at,
        updated_at: at,
        ...fields,
      });
      if (!invoice) throw new Error('the same bill was built twice');
      const rest = { invoice_id: invoice.id, created_at: at };
      await insertBillingPeriods(
        trx,
        periods.map((period) => ({ ...PERIOD, id: newId(), billing_at: invoice.billing_at, ...rest, ...period })),
      );
      await insertInvoiceTaxes(
        trx,
        taxes.map((one) => ({ ...TAX, id: newId(), fees_amount_cents: total, ...rest, ...one })),
      );
      await insertFeesWithTaxes(trx, fees, { customer_id: customer.id, invoice_id: invoice.id, at });
      return invoice;
    });
  }

  /** Without an invoice, unless it is given one. */
  async fee(customer: Pick<CustomerRow, 'id'>, fields: FeeParts = {}): Promise<FeeRow> {
    const at = this.#next();
    const [fee] = await this.write((trx) =>
      insertFeesWithTaxes(trx, [fields], { customer_id: customer.id, invoice_id: null, at }),
    );
    if (!fee) throw new Error('the fee is not there');
    return fee;
  }

  async document(invoice: Pick<InvoiceRow, 'id' | 'number'>, content: string): Promise<string> {
    const id = newId();
    const row = { filename: `${invoice.number}.pdf`, content_type: 'application/pdf', content: Buffer.from(content) };
    await this.write((trx) =>
      insert(trx, 'documents', { id, invoice_id: invoice.id, ...row, created_at: this.#next() }),
    );
    return id;
  }
}

export type FeeParts = Partial<Fee> & { readonly taxes?: readonly (Partial<FeeTax> & Pick<FeeTax, 'amount_cents'>)[] };

export interface InvoiceParts {
  readonly fees?: readonly FeeParts[];
  readonly taxes?: readonly (Partial<InvoiceTax> & Pick<InvoiceTax, 'amount_cents'>)[];
  readonly periods?: readonly (Partial<BillingPeriod> & Pick<BillingPeriod, 'subscription_id' | 'plan_id'>)[];
}

async function insertFeesWithTaxes(
  trx: Transaction,
  fees: readonly FeeParts[],
  { customer_id, invoice_id, at }: { customer_id: string; invoice_id: string | null; at: Instant },
): Promise<FeeRow[]> {
  const made = fees.map(({ taxes = [], ...fields }) => ({
    fee: {
      ...FEE,
      id: newId(),
      item_id: newId(),
      customer_id,
      invoice_id,
      created_at: at,
      updated_at: at,
      precise_amount_cents: String(fields.amount_cents ?? FEE.amount_cents),
      taxes_amount_cents: taxes.reduce((sum, tax) => sum + tax.amount_cents, 0),
      ...fields,
    },
    taxes,
  }));
  const rows = await insertFees(
    trx,
    made.map(({ fee }) => fee),
  );
  await insertFeeTaxes(
    trx,
    made.flatMap(({ fee, taxes }) =>
      taxes.map((tax) => ({ ...TAX, id: newId(), fee_id: fee.id, created_at: at, ...tax })),
    ),
  );
  return rows;
}

const PLAN = {
  parent_id: null,
  metadata: null,
  invoice_display_name: null,
  description: null,
  interval: 'monthly',
  amount_cents: 3000,
  amount_currency: 'EUR',
  pay_in_advance: false,
  trial_period: null,
  bill_charges_monthly: null,
} as const;

const CHARGE = {
  invoice_display_name: null,
  charge_model: 'standard',
  properties: { amount: '0.5' },
  pay_in_advance: false,
  invoiceable: true,
  regroup_paid_fees: null,
  prorated: false,
  min_amount_cents: 0,
  pricing_unit_id: null,
  conversion_rate: null,
} as const;

const SUBSCRIPTION = {
  previous_subscription_id: null,
  plan_change: null,
  activation_timezone: 'UTC',
  ending_set_at: null,
  alerted_at: null,
  external_id: 'sub',
  name: null,
  status: 'active',
  billing_time: 'calendar',
  ending_at: null,
  trial_ended_at: null,
  terminated_at: null,
  canceled_at: null,
  on_termination_invoice: 'generate',
  on_termination_credit_note: null,
  progressive_billing_disabled: false,
} as const;

const INVOICE = {
  invoice_type: 'subscription',
  status: 'finalized',
  payment_status: 'pending',
  occasion: 'periodic',
  currency: 'EUR',
  timezone: 'UTC',
  sequential_id: null,
  net_payment_term: 0,
  coupons_amount_cents: 0,
  progressive_billing_credit_amount_cents: 0,
  taxes_rate: '0',
  credit_notes_amount_cents: 0,
  prepaid_credit_amount_cents: 0,
  total_paid_amount_cents: 0,
  total_offsetted_credit_note_amount_cents: 0,
  payment_overdue: false,
  payment_dispute_lost_at: null,
  voided_at: null,
  voided_invoice_id: null,
  stale_at: null,
} as const;

const PERIOD = {
  invoicing_reason: 'subscription_periodic',
  subscription_from: '2026-01-01T00:00:00.000Z',
  subscription_to: '2026-02-01T00:00:00.000Z',
  charges_from: '2026-01-01T00:00:00.000Z',
  charges_to: '2026-02-01T00:00:00.000Z',
  is_regenerated: false,
} as const;

const FEE = {
  subscription_id: null,
  charge_id: null,
  charge_filter_id: null,
  item_filters: null,
  filter_invoice_display_name: null,
  true_up_parent_fee_id: null,
  fee_type: 'subscription',
  item_type: 'Subscription',
  item_code: 'pro',
  item_name: 'Plan pro',
  item_description: null,
  invoice_display_name: null,
  grouped_by: {},
  amount_currency: 'EUR',
  amount_cents: 3000,
  taxes_precise_amount_cents: '0',
  taxes_rate: '0',
  precise_coupons_amount_cents: '0',
  units: '1',
  total_aggregated_units: '1',
  precise_unit_amount: '30',
  events_count: null,
  amount_details: {},
  description: null,
  pay_in_advance: false,
  invoiceable: true,
  from_at: null,
  to_at: null,
  dates_timezone: null,
  event_transaction_id: null,
  payment_status: 'pending',
  succeeded_at: null,
  failed_at: null,
  refunded_at: null,
  deleted_at: null,
} as const;

const TAX = { tax_id: null, tax_name: 'VAT', tax_code: 'vat', tax_description: null, tax_rate: '20' } as const;
