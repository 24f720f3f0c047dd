import type { ChargeFeeNumbers } from '../charge-models/price-charge.ts';
import type { Span } from '../clock/instant.ts';
import type { UntaxedFee } from '../invoices/compute-invoice.ts';
import type { Currency } from '../money/currency.ts';
import { type ChargeFilter, filterDisplayName } from '../usage/filters.ts';
import type { GroupedBy } from '../usage/measure.ts';
import type { PresentationBreakdown } from '../usage/presentation.ts';

/** What a fee copies of its charge and metric. */
export interface FeeItem {
  readonly id: string;
  readonly invoice_display_name: string | null;
  readonly invoiceable: boolean;
  readonly metric: {
    readonly id: string;
    readonly code: string;
    readonly name: string;
    readonly description: string | null;
  };
}

/** Of a charge that is read with its metric. */
export function feeItem(charge: {
  readonly id: string;
  readonly invoice_display_name: string | null;
  readonly invoiceable: boolean;
  readonly billable_metric_id: string;
  readonly metric_code: string;
  readonly metric_name: string;
  readonly metric_description: string | null;
}): FeeItem {
  const { id, invoice_display_name, invoiceable } = charge;
  const metric = {
    id: charge.billable_metric_id,
    code: charge.metric_code,
    name: charge.metric_name,
    description: charge.metric_description,
  };
  return { id, invoice_display_name, invoiceable, metric };
}

export interface ChargeFeeTerms {
  readonly subscription_id: string;
  readonly charge: FeeItem;
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly numbers: ChargeFeeNumbers;
  readonly presentation?: readonly PresentationBreakdown[] | undefined;
  readonly currency: Currency;
  readonly span: Span;
  readonly pay_in_advance: boolean;
  /** Where the span is shown as whole days. */
  readonly dates_timezone: string | null;
  readonly event_transaction_id: string | null;
}

/** The line of a charge, whenever it is paid. */
export function chargeFee(terms: ChargeFeeTerms): UntaxedFee {
  const { charge, filter, grouped_by, numbers, span } = terms;
  const { metric } = charge;
  return {
    ...numbers,
    presentation_breakdowns: terms.presentation ?? [],
    subscription_id: terms.subscription_id,
    charge_id: charge.id,
    charge_filter_id: filter?.id ?? null,
    item_filters: filter?.values ?? null,
    filter_invoice_display_name: filter && filterDisplayName(filter),
    grouped_by,
    fee_type: 'charge',
    item_id: metric.id,
    item_type: 'BillableMetric',
    item_code: metric.code,
    item_name: metric.name,
    item_description: metric.description,
    invoice_display_name: charge.invoice_display_name,
    amount_currency: terms.currency,
    precise_coupons_amount_cents: '0',
    description: null,
    pay_in_advance: terms.pay_in_advance,
    invoiceable: charge.invoiceable,
    from_at: span.from,
    to_at: span.to,
    dates_timezone: terms.dates_timezone,
    event_transaction_id: terms.event_transaction_id,
  };
}
