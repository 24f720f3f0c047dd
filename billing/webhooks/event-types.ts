/** What an organization can hear of: the webhook's type, and the object it carries (`object_type`, which is also the body's key). */
export const eventTypes = {
  'alert.triggered': 'triggered_alert',
  'billable_metric.created': 'billable_metric',
  'billable_metric.deleted': 'billable_metric',
  'billable_metric.updated': 'billable_metric',
  'credit_note.created': 'credit_note',
  'credit_note.generated': 'credit_note',
  'credit_note.refund_failure': 'credit_note_payment_provider_refund_error',
  'customer.accounting_provider_created': 'customer',
  'customer.accounting_provider_error': 'accounting_provider_customer_error',
  'customer.checkout_url_generated': 'payment_provider_customer_checkout_url',
  'customer.created': 'customer',
  'customer.crm_provider_created': 'customer',
  'customer.crm_provider_error': 'crm_provider_customer_error',
  'customer.payment_provider_created': 'customer',
  'customer.payment_provider_error': 'payment_provider_customer_error',
  'customer.tax_provider_error': 'tax_provider_customer_error',
  'customer.updated': 'customer',
  'customer.vies_check': 'customer',
  'dunning_campaign.finished': 'dunning_campaign',
  'event.error': 'event_error',
  'events.errors': 'events_errors',
  'feature.created': 'feature',
  'feature.deleted': 'feature',
  'feature.updated': 'feature',
  'fee.created': 'fee',
  'fee.tax_provider_error': 'tax_provider_fee_error',
  'integration.provider_error': 'provider_error',
  'invoice.created': 'invoice',
  'invoice.deleted': 'invoice',
  'invoice.drafted': 'invoice',
  'invoice.generated': 'invoice',
  'invoice.one_off_created': 'invoice',
  'invoice.paid_credit_added': 'invoice',
  'invoice.payment_dispute_lost': 'payment_dispute_lost',
  'invoice.payment_failure': 'payment_provider_invoice_payment_error',
  'invoice.payment_overdue': 'invoice',
  'invoice.payment_status_updated': 'invoice',
  'invoice.ready_to_finalize': 'invoice',
  'invoice.resynced': 'invoice',
  'invoice.voided': 'invoice',
  'payment.requires_action': 'payment',
  'payment.succeeded': 'payment',
  'payment_provider.error': 'payment_provider_error',
  'payment_receipt.created': 'payment_receipt',
  'payment_receipt.generated': 'payment_receipt',
  'payment_request.created': 'payment_request',
  'payment_request.payment_failure': 'payment_provider_payment_request_payment_error',
  'payment_request.payment_status_updated': 'payment_request',
  'plan.created': 'plan',
  'plan.deleted': 'plan',
  'plan.updated': 'plan',
  'subscription.canceled': 'subscription',
  'subscription.incomplete': 'subscription',
  'subscription.started': 'subscription',
  'subscription.terminated': 'subscription',
  'subscription.termination_alert': 'subscription',
  'subscription.trial_ended': 'subscription',
  'subscription.updated': 'subscription',
  'subscription.usage_threshold_reached': 'subscription',
  'wallet.created': 'wallet',
  'wallet.depleted_ongoing_balance': 'wallet',
  'wallet.terminated': 'wallet',
  'wallet.updated': 'wallet',
  'wallet_transaction.created': 'wallet_transaction',
  'wallet_transaction.payment_failure': 'payment_provider_wallet_transaction_payment_error',
  'wallet_transaction.updated': 'wallet_transaction',
} as const satisfies Record<string, string>;

export type WebhookType = keyof typeof eventTypes;

/** Lago's filters call one type by another name than its messages do. Both are understood. */
const aliases: Partial<Record<WebhookType, readonly string[]>> = {
  'credit_note.refund_failure': ['credit_note.provider_refund_failure'],
};

const filterNames: ReadonlySet<string> = new Set([...Object.keys(eventTypes), ...Object.values(aliases).flat()]);

/** Whether an endpoint's list of event types may hold this name. */
export function isEventTypeName(name: string): boolean {
  return filterNames.has(name);
}

/** Whether an endpoint that listens to these types (null: to all) is sent a message of this type. */
export function isWanted(event_types: readonly string[] | null, webhook_type: WebhookType): boolean {
  if (event_types === null) return true;
  return [webhook_type, ...(aliases[webhook_type] ?? [])].some((name) => event_types.includes(name));
}
