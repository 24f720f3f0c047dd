import { z } from 'zod';
import { text } from './fields.ts';

export const METADATA_KEYS_MAX = 50;
const VALUE_LENGTH_MAX = 255;

/** The caller's own notes on an object, by key. */
function metadata(key_length_max: number) {
  return z
    .record(
      text.refine((key) => key !== '' && key.length <= key_length_max, 'value_is_too_long'),
      text.max(VALUE_LENGTH_MAX, 'value_is_too_long').nullable(),
    )
    .refine((fields) => Object.keys(fields).length <= METADATA_KEYS_MAX, 'invalid_count');
}

export const metadataInput = metadata(40);
export const planMetadataInput = metadata(100);

export const metadataObject = z.record(z.string(), z.string().nullable()).nullable().meta({ id: 'MetadataObject' });
