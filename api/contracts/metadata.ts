import { z } from 'zod';
import { text } from './fields.ts';

const KEYS_MAX = 50;
const KEY_LENGTH_MAX = 40;
const VALUE_LENGTH_MAX = 255;

/** The caller's own notes on an object, by key. */
export const metadataInput = z
  .record(
    text.refine((key) => key !== '' && key.length <= KEY_LENGTH_MAX, 'value_is_too_long'),
    text.max(VALUE_LENGTH_MAX, 'value_is_too_long').nullable(),
  )
  .refine((metadata) => Object.keys(metadata).length <= KEYS_MAX, 'invalid_count');

export const metadataObject = z.record(z.string(), z.string().nullable()).nullable().meta({ id: 'MetadataObject' });
