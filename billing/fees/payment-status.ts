import type { Instant } from '../clock/instant.ts';
import type { Fee, FeePaymentStatus } from './fee.ts';

/** A status says when it was reached; the others have not been. `pending` has no time. */
export function paymentStamps(
  payment_status: FeePaymentStatus,
  at: Instant,
): Pick<Fee, 'payment_status' | 'succeeded_at' | 'failed_at' | 'refunded_at'> {
  return {
    payment_status,
    succeeded_at: payment_status === 'succeeded' ? at : null,
    failed_at: payment_status === 'failed' ? at : null,
    refunded_at: payment_status === 'refunded' ? at : null,
  };
}
