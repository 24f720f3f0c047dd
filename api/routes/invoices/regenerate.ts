import { z } from 'zod';
import { regenerateInvoice } from '../../../activities/invoices/regenerate-invoice.ts';
import type { WantedLine } from '../../../activities/invoices/regenerated-lines.ts';
import { optionalText, positiveDecimal, text } from '../../contracts/fields.ts';
import { type Operation, operation } from '../../operation.ts';
import { answer, holdInvoice, leftOut, params, showUnlessLeftOut } from './show.ts';

const line = z.object({
  fee_id: text.nullish().meta({ format: 'uuid', description: 'A line of the voided invoice' }),
  subscription_id: text.nullish().meta({ format: 'uuid', description: 'Of a line that it did not have' }),
  charge_id: text.nullish().meta({ format: 'uuid', description: "A charge of the subscription's plan" }),
  charge_filter_id: text.nullish().meta({ format: 'uuid' }),
  grouped_by: z.record(text, text.nullable()).nullish(),
  add_on_code: text.nullish().meta({ description: 'On a one-off invoice' }),
  units: positiveDecimal.nullish(),
  unit_precise_amount: positiveDecimal.nullish().meta({ description: 'Of one unit, in currency units' }),
  invoice_display_name: optionalText,
});

const input = z.object({
  invoice: z
    .object({
      fees: z
        .array(line)
        .max(500, 'value_is_too_long')
        .nullish()
        .meta({ description: 'The whole list: lines that it does not name are left out. All as they were if it is left out itself' }),
    })
    .nullish(),
}); // prettier-ignore

function toWanted(fee: z.output<typeof line>): WantedLine {
  return {
    fee_id: fee.fee_id?.toLowerCase() ?? null,
    subscription_id: fee.subscription_id?.toLowerCase() ?? null,
    charge_id: fee.charge_id?.toLowerCase() ?? null,
    charge_filter_id: fee.charge_filter_id?.toLowerCase() ?? null,
    grouped_by: fee.grouped_by ?? {},
    add_on_code: fee.add_on_code ?? null,
    units: fee.units ?? null,
    unit_precise_amount: fee.unit_precise_amount ?? null,
    invoice_display_name: fee.invoice_display_name?.trim() ? fee.invoice_display_name : null,
  };
}

export const regenerateOperation: Operation = operation({
  op: 'POST /invoices/{lago_id}/regenerate',
  tag: 'invoices',
  summary: 'Make a final invoice in place of a voided one',
  object: 'invoice',
  params,
  body: input,
  answer: z.union([answer, leftOut]),
  errors: [404, 405, 422],
  async handle({ trx, at, params, body, deps }) {
    const voided = await holdInvoice(trx, params.lago_id);
    const id = await regenerateInvoice(trx, voided, body.invoice?.fees?.map(toWanted) ?? null, at);
    return showUnlessLeftOut(trx, id, deps.settings, at);
  },
});
