import { z } from 'zod';
import { recordPayment } from '../../activities/payments/record-payment.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { paymentWire } from '../../billing/payments/wire.ts';
import { findCustomer } from '../../db/customers.ts';
import { isId } from '../../db/ids.ts';
import { type PaymentFilters, type PaymentRow, listPayments, loadPayments } from '../../db/payments.ts';
import type { Transaction } from '../../db/transaction.ts';
import { text } from '../contracts/fields.ts';
import { type Page, paginate, paginationMeta } from '../contracts/pagination.ts';
import { createInput, listQuery, nestedListQuery, paymentObject } from '../contracts/payments.ts';
import type { ApiSettings } from '../deps.ts';
import { type Operation, operation } from '../operation.ts';

const answer = z.object({ payment: paymentObject });
const listAnswer = z.object({ payments: z.array(paymentObject), meta: paginationMeta });
const amount = z.int().positive();

async function show(trx: Transaction, payments: readonly PaymentRow[]) {
  return (await loadPayments(trx, payments)).map(paymentWire);
}

async function showOne(trx: Transaction, payment: PaymentRow) {
  const [shown] = await show(trx, [payment]);
  return { payment: shown! };
}

async function answerWithList(trx: Transaction, filters: PaymentFilters, page: Page) {
  const { rows, meta } = await paginate(listPayments(trx, filters), page);
  return { payments: await show(trx, rows), meta };
}

async function create(
  trx: Transaction,
  { invoice_id, amount_cents, reference, paid_at }: z.output<typeof createInput>['payment'],
  settings: ApiSettings,
  at: Instant,
): Promise<PaymentRow> {
  if (!invoice_id) throw invalid({ invoice_id: ['value_is_mandatory'] });
  const cents = amount.safeParse(amount_cents).data;
  if (cents === undefined) throw invalid({ amount_cents: ['invalid_value'] });
  if (!isId(invoice_id)) throw notFound('invoice');
  return recordPayment(trx, invoice_id, { amount_cents: cents, reference, paid_at }, settings, at);
}

export const paymentOperations: Operation[] = [
  operation({
    op: 'POST /payments',
    tag: 'payments',
    summary: 'Enter a payment that was made by other means',
    object: 'payment',
    body: createInput,
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, body, deps }) => showOne(trx, await create(trx, body.payment, deps.settings, at)),
  }),
  operation({
    op: 'GET /payments',
    tag: 'payments',
    summary: 'List all payments',
    object: 'payment',
    query: listQuery,
    answer: listAnswer,
    errors: [422],
    handle: ({ trx, query: { page, per_page, ...filters } }) => answerWithList(trx, filters, { page, per_page }),
  }),
  operation({
    op: 'GET /payments/{lago_id}',
    tag: 'payments',
    summary: 'Retrieve a payment',
    object: 'payment',
    params: z.object({ lago_id: z.string().meta({ format: 'uuid' }) }),
    answer,
    errors: [404],
    async handle({ trx, params }) {
      const [payment] = isId(params.lago_id) ? await listPayments(trx, { id: params.lago_id }) : [];
      if (!payment) throw notFound('payment');
      return showOne(trx, payment);
    },
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/payments',
    tag: 'customers',
    summary: "List a customer's payments",
    object: 'payment',
    params: z.object({ external_customer_id: text }),
    query: nestedListQuery,
    answer: listAnswer,
    errors: [404, 422],
    async handle({ trx, params, query: { page, per_page, invoice_id } }) {
      const customer = await findCustomer(trx, params.external_customer_id);
      if (!customer) throw notFound('customer');
      return answerWithList(trx, { customer_id: customer.id, invoice_id }, { page, per_page });
    },
  }),
];
