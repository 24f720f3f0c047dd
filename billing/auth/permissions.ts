/** What an API key may be allowed to read or to write; each operation belongs to one of them. */
export const permissionObjects = [
  'activity_log',
  'add_on',
  'alert',
  'analytic',
  'api_log',
  'applied_coupon',
  'billable_metric',
  'billing_entity',
  'coupon',
  'credit_note',
  'customer',
  'customer_usage',
  'event',
  'feature',
  'fee',
  'invoice',
  'invoice_custom_section',
  'lifetime_usage',
  'organization',
  'payment',
  'payment_method',
  'payment_receipt',
  'payment_request',
  'plan',
  'security_log',
  'subscription',
  'tax',
  'wallet',
  'wallet_transaction',
  'webhook_endpoint',
  'webhook_jwt_public_key',
] as const;

export type PermissionObject = (typeof permissionObjects)[number];
export type PermissionMode = 'read' | 'write';

/** Null: everything is allowed. An object that is absent is not accessible at all. */
export type Permissions = Partial<Record<PermissionObject, readonly PermissionMode[]>> | null;

export function isAllowed(permissions: Permissions, object: PermissionObject, mode: PermissionMode): boolean {
  return permissions === null || permissions[object]?.includes(mode) === true;
}
