import type { TaxableFee } from '../../../billing/taxes/apply-taxes.ts';
import type { Tax } from '../../../billing/taxes/resolve-taxes.ts';

export const tax = (code: string, rate: string): Tax => ({
  id: `id-of-${code}`,
  name: code.toUpperCase(),
  code,
  description: null,
  rate,
});

export const fee = (amount_cents: number, taxes: readonly Tax[], precise_coupons_amount_cents = '0'): TaxableFee => ({
  amount_cents,
  precise_amount_cents: String(amount_cents),
  precise_coupons_amount_cents,
  taxes,
});
