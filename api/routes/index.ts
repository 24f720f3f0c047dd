import type { Operation } from '../operation.ts';
import { addOnOperations } from './add-ons.ts';
import { billableMetricOperations } from './billable-metrics.ts';
import { appliedCouponOperations } from './applied-coupons.ts';
import { billingEntityOperations } from './billing-entities.ts';
import { chargeFilterOperations } from './charge-filters.ts';
import { chargeOperations } from './charges.ts';
import { couponOperations } from './coupons.ts';
import { creditNoteOperations } from './credit-notes.ts';
import { creditNoteMetadataOperations } from './credit-notes/metadata.ts';
import { dataExportOperations } from './data-exports.ts';
import { eventOperations } from './events.ts';
import { estimateOperations } from './events/estimates.ts';
import { feeExplanationOperations } from './fees/explain.ts';
import { feeOperations } from './fees.ts';
import { customerOperations } from './customers.ts';
import { invoiceOperations } from './invoices.ts';
import { organizationOperations } from './organizations.ts';
import { paymentOperations } from './payments.ts';
import { planMetadataOperations } from './plan-metadata.ts';
import { planOperations } from './plans.ts';
import { pricingUnitOperations } from './pricing-units.ts';
import { sandboxOperations } from './sandbox.ts';
import { lifetimeUsageOperations } from './progressive-billing/lifetime-usage.ts';
import { subscriptionChargeOperations } from './subscription-charges.ts';
import { subscriptionOperations } from './subscriptions.ts';
import { taxOperations } from './taxes.ts';
import { usageOperations } from './usage.ts';
import { webhookOperations } from './webhooks.ts';

/** Every operation below `/api/v1`. */
export const operations: readonly Operation[] = [
  ...organizationOperations,
  ...billingEntityOperations,
  ...taxOperations,
  ...addOnOperations,
  ...couponOperations,
  ...appliedCouponOperations,
  ...billableMetricOperations,
  ...pricingUnitOperations,
  ...planOperations,
  ...planMetadataOperations,
  ...chargeOperations,
  ...chargeFilterOperations,
  ...customerOperations,
  ...subscriptionOperations,
  ...lifetimeUsageOperations,
  ...subscriptionChargeOperations,
  ...eventOperations,
  ...estimateOperations,
  ...usageOperations,
  ...invoiceOperations,
  ...feeOperations,
  ...feeExplanationOperations,
  ...creditNoteOperations,
  ...creditNoteMetadataOperations,
  ...paymentOperations,
  ...dataExportOperations,
  ...webhookOperations,
  ...sandboxOperations,
];
