import { z } from 'zod';
import { wireDecimal } from './fields.ts';

export const presentationBreakdowns = z
  .array(z.object({ presentation_by: z.record(z.string(), z.string().nullable()), units: wireDecimal }))
  .meta({ description: 'Units by the properties that the charge is only shown by' });
