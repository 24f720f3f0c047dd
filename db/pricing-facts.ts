import type { LinePricing } from '../billing/adjusted-fees/check.ts';
import type { AggregationType } from '../billing/billable-metrics/aggregation.ts';
import type { ChargeModelName } from '../billing/charge-models/index.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { AppliedPricingUnit } from '../billing/pricing-units/pricing-unit.ts';
import type { ChargeFilter, FilterValues } from '../billing/usage/filters.ts';
import type { Transaction } from './transaction.ts';

/** A tax as a fee bears it. */
export interface TaxFacts {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly description: string | null;
  /** Percent, decimal text. */
  readonly rate: string;
}

/** A charge with its metric: all that is needed to read its usage and to price it. */
export interface ChargeFacts {
  readonly id: string;
  readonly plan_id: string;
  readonly code: string;
  readonly charge_model: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly invoice_display_name: string | null;
  readonly pay_in_advance: boolean;
  readonly invoiceable: boolean;
  readonly prorated: boolean;
  readonly min_amount_cents: Cents;
  /** Oldest first. */
  readonly filters: readonly ChargeFilter[];
  readonly billable_metric_id: string;
  readonly metric_code: string;
  readonly metric_name: string;
  readonly metric_description: string | null;
  readonly aggregation_type: AggregationType;
  readonly field_name: string | null;
  readonly custom_aggregator: string | null;
  readonly recurring: boolean;
  /** The values that the metric lists for each key. */
  readonly metric_filters: FilterValues;
  readonly rounding_function: 'round' | 'ceil' | 'floor' | null;
  readonly rounding_precision: number | null;
  readonly taxes: readonly TaxFacts[];
  /** What its prices are in; null: the currency of its plan. */
  readonly pricing_unit: AppliedPricingUnit | null;
}

const TAX_JSON = `jsonb_build_object('id', t.id, 'name', t.name, 'code', t.code, 'description', t.description, 'rate', t.rate::text)`;

/** The live charges of plans, oldest first, in one statement. */
export async function readCharges(trx: Transaction, plan_ids: readonly string[]): Promise<ChargeFacts[]> {
  const { rows } = await trx.raw<{ rows: ChargeFacts[] }>(
    `select c.id, c.plan_id, c.code, c.charge_model, c.properties, c.invoice_display_name, c.pay_in_advance, c.invoiceable, c.prorated, c.min_amount_cents,
       m.id as billable_metric_id, m.code as metric_code, m.name as metric_name, m.description as metric_description,
       m.aggregation_type, m.field_name, m.custom_aggregator, m.recurring, m.rounding_function, m.rounding_precision,
       coalesce((
         select jsonb_agg(${TAX_JSON} order by t.created_at, t.id)
         from charge_taxes l join taxes t on t.id = l.tax_id and t.deleted_at is null
         where l.charge_id = c.id
       ), '[]') as taxes,
       coalesce((
         select jsonb_agg(jsonb_build_object('id', f.id, 'values', f.values, 'properties', f.properties, 'invoice_display_name', f.invoice_display_name)
           order by f.position)
         from charge_filters f where f.charge_id = c.id and f.deleted_at is null
       ), '[]') as filters,
       coalesce((
         select jsonb_object_agg(f.key, to_jsonb(f.values)) from billable_metric_filters f where f.billable_metric_id = m.id
       ), '{}') as metric_filters,
       (select jsonb_build_object('id', u.id, 'code', u.code, 'short_name', u.short_name, 'conversion_rate', c.conversion_rate::text)
         from pricing_units u where u.id = c.pricing_unit_id) as pricing_unit
     from charges c join billable_metrics m on m.id = c.billable_metric_id
     where c.organization_id = ? and c.plan_id = any(?) and c.deleted_at is null and m.deleted_at is null
     order by c.created_at, c.id`,
    [trx.organization_id, [...plan_ids]],
  );
  return rows;
}

/** How a charge, or one of its filters, prices units. */
export function pricingOf(
  { charge_model, prorated, properties, filters, pricing_unit }: ChargeFacts,
  charge_filter_id: string | null,
): LinePricing {
  const filter = filters.find(({ id }) => id === charge_filter_id);
  return {
    charge_model: charge_model as ChargeModelName,
    prorated,
    properties: filter?.properties ?? properties,
    pricing_unit,
  };
}

/** Taxes of each level above the charge, by the id of what bears them. */
export interface TaxLevels {
  readonly organization: readonly TaxFacts[];
  readonly customer: readonly TaxFacts[];
  readonly plans: ReadonlyMap<string, readonly TaxFacts[]>;
}

export async function readTaxLevels(
  trx: Transaction,
  customer_id: string,
  plan_ids: readonly string[],
): Promise<TaxLevels> {
  const { rows } = await trx.raw<{
    rows: { level: 'organization' | 'customer' | 'plan'; owner_id: string; tax: TaxFacts }[];
  }>(
    `select 'organization' as level, t.organization_id as owner_id, ${TAX_JSON} as tax, t.created_at, t.id
       from taxes t where t.organization_id = :organization_id and t.applied_to_organization and t.deleted_at is null
     union all
     select 'customer', l.customer_id, ${TAX_JSON}, t.created_at, t.id
       from customer_taxes l join taxes t on t.id = l.tax_id and t.deleted_at is null
       where l.organization_id = :organization_id and l.customer_id = :customer_id
     union all
     select 'plan', l.plan_id, ${TAX_JSON}, t.created_at, t.id
       from plan_taxes l join taxes t on t.id = l.tax_id and t.deleted_at is null
       where l.organization_id = :organization_id and l.plan_id = any(:plan_ids)
     order by created_at, id`,
    { organization_id: trx.organization_id, customer_id, plan_ids: [...plan_ids] },
  );
  const plans = new Map<string, TaxFacts[]>();
  for (const { owner_id, tax } of rows.filter((row) => row.level === 'plan'))
    plans.set(owner_id, [...(plans.get(owner_id) ?? []), tax]);
  return {
    organization: rows.filter((row) => row.level === 'organization').map((row) => row.tax),
    customer: rows.filter((row) => row.level === 'customer').map((row) => row.tax),
    plans,
  };
}
