import { type PastPeriod, pastCharges } from '../../../billing/usage/past-usage.ts';
import {
  type BilledPeriodRow,
  findPastCharges,
  findUsageFees,
  listBilledPeriods,
  type PastUsageQuestion,
  sumFeeTaxes,
} from '../../../db/past-usage.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { type Page, paginate } from '../../contracts/pagination.ts';

/** Never computed anew: what was billed is what was used. A few statements whatever the number of periods. */
export async function readPastUsage(
  trx: Transaction,
  question: PastUsageQuestion,
  page: Page,
  metric_code: string | undefined,
): Promise<{ readonly periods: readonly PastPeriod[]; readonly total_count: number }> {
  const { rows, meta } = await paginate(listBilledPeriods(trx, question), page);
  const invoice_ids = [...new Set(rows.map(({ invoice_id }) => invoice_id))];
  const taxes = await sumFeeTaxes(trx, invoice_ids);
  const fees = await findUsageFees(trx, invoice_ids, metric_code);
  const charges = await findPastCharges(
    trx,
    fees.flatMap(({ charge_id }) => charge_id ?? []),
  );
  const periods = rows.map((row) => {
    const own = fees.filter((fee) => fee.invoice_id === row.invoice_id && fee.subscription_id === row.subscription_id);
    return { ...periodOf(row, taxes.get(row.invoice_id) ?? 0), charges: pastCharges(own, charges) };
  });
  return { periods, total_count: meta.total_count };
}

function periodOf(row: BilledPeriodRow, taxes_amount_cents: number): Omit<PastPeriod, 'charges'> {
  const { invoice_id, charges_from: from, charges_to: to, issuing_date, currency, fees_amount_cents } = row;
  return {
    invoice_id,
    from,
    to,
    issuing_date,
    currency,
    amount_cents: fees_amount_cents,
    taxes_amount_cents,
    total_amount_cents: fees_amount_cents + taxes_amount_cents,
  };
}
