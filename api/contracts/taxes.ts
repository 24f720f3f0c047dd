import { z } from 'zod';
import { id, wireInstant } from './fields.ts';

const counter = z.int().meta({ description: 'Always 0' });

export const taxObject = z
  .object({
    lago_id: id,
    name: z.string(),
    code: z.string(),
    rate: z.number().meta({ description: 'Percent' }),
    description: z.string().nullable(),
    applied_to_organization: z.boolean(),
    add_ons_count: counter,
    customers_count: counter,
    plans_count: counter,
    charges_count: counter,
    commitments_count: counter,
    created_at: wireInstant,
  })
  .meta({ id: 'TaxObject' });
