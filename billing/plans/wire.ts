import { showGroupKeys } from '../charge-models/group-keys.ts';
import { toWireSeconds } from '../clock/instant.ts';
import { type UsageThreshold, usageThresholdWire } from '../progressive-billing/usage-threshold.ts';
import { toWireDecimal } from '../money/decimal.ts';
import { type TaxDocument, taxWire } from '../taxes/wire.ts';
import type { ChargeFilter } from '../usage/filters.ts';
import { type MinimumCommitmentDocument, minimumCommitmentWire } from './minimum-commitment.ts';
import type { Charge, Plan } from './plan.ts';

export interface ChargeDocument {
  readonly charge: Charge;
  readonly billable_metric_code: string;
  /** In their order. */
  readonly filters: readonly ChargeFilter[];
  readonly taxes: readonly TaxDocument[];
  /** The code of what it is priced in; null: the currency. */
  readonly pricing_unit_code: string | null;
}

export interface PlanDocument {
  readonly plan: Plan;
  readonly charges: readonly ChargeDocument[];
  readonly taxes: readonly TaxDocument[];
  readonly minimum_commitment: MinimumCommitmentDocument | undefined;
  /** In their order. */
  readonly usage_thresholds: readonly UsageThreshold[];
}

export function planWire({ plan, charges, taxes, minimum_commitment, usage_thresholds }: PlanDocument) {
  return {
    lago_id: plan.id,
    name: plan.name,
    code: plan.code,
    invoice_display_name: plan.invoice_display_name,
    description: plan.description,
    interval: plan.interval,
    amount_cents: plan.amount_cents,
    amount_currency: plan.amount_currency,
    pay_in_advance: plan.pay_in_advance,
    trial_period: plan.trial_period === null ? null : Number(plan.trial_period),
    bill_charges_monthly: plan.bill_charges_monthly,
    parent_id: plan.parent_id,
    metadata: plan.metadata,
    pending_deletion: plan.pending_deletion,
    charges: charges.map(chargeWire),
    taxes: taxes.map(taxWire),
    usage_thresholds: usage_thresholds.map(usageThresholdWire),
    ...(minimum_commitment && { minimum_commitment: minimumCommitmentWire(minimum_commitment, plan) }),
    customers_count: 0,
    active_subscriptions_count: 0,
    draft_invoices_count: 0,
    created_at: toWireSeconds(plan.created_at),
  };
}

export function chargeWire({ charge, billable_metric_code, filters, taxes, pricing_unit_code }: ChargeDocument) {
  return {
    lago_id: charge.id,
    lago_billable_metric_id: charge.billable_metric_id,
    billable_metric_code,
    code: charge.code,
    invoice_display_name: charge.invoice_display_name,
    charge_model: charge.charge_model,
    pay_in_advance: charge.pay_in_advance,
    invoiceable: charge.invoiceable,
    regroup_paid_fees: charge.regroup_paid_fees,
    prorated: charge.prorated,
    min_amount_cents: charge.min_amount_cents,
    properties: showGroupKeys(charge.properties),
    filters: filters.map((filter) => chargeFilterWire(filter, charge)),
    taxes: taxes.map(taxWire),
    lago_parent_id: charge.parent_id,
    applied_pricing_unit:
      pricing_unit_code === null
        ? null
        : { code: pricing_unit_code, conversion_rate: toWireDecimal(charge.conversion_rate ?? '0') },
    created_at: toWireSeconds(charge.created_at),
  };
}

export function chargeFilterWire(filter: ChargeFilter, charge: Pick<Charge, 'code'>) {
  return {
    lago_id: filter.id,
    charge_code: charge.code,
    invoice_display_name: filter.invoice_display_name,
    properties: showGroupKeys(filter.properties),
    values: Object.fromEntries(Object.entries(filter.values).map(([key, values]) => [key, [...values]])),
  };
}
