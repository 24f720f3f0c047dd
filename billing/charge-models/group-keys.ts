import { z } from 'zod';
import type { StoredProperties } from './charge-model.ts';

/** The properties of events whose values are priced apart, under their name of today and their older one. */
const names = ['pricing_group_keys', 'grouped_by'] as const;

const keys = z.array(z.string());

const PRESENTATION_KEYS_MAX = 2;
const presentationKeys = z.array(
  z.object({ value: z.string().min(1), options: z.object({ display_in_invoice: z.boolean().nullish() }).nullish() }),
);

/** The codes of what is wrong with the grouping of a charge; none when it groups by nothing. */
export function validateGroupKeys(properties: StoredProperties): string[] {
  const sent = sentKeys(properties);
  const codes = sent === undefined || keys.safeParse(sent).success ? [] : ['invalid_type'];
  return [...codes, ...validatePresentationKeys(properties['presentation_group_keys'])];
}

function validatePresentationKeys(sent: unknown): string[] {
  if (sent === undefined || sent === null) return [];
  const { data, success } = presentationKeys.safeParse(sent);
  if (!success) return ['invalid_type'];
  const values = new Set(data.map(({ value }) => value));
  return [
    ...(data.length > PRESENTATION_KEYS_MAX ? ['too_many_keys'] : []),
    ...(values.size < data.length ? ['value_is_duplicated'] : []),
  ];
}

export type PresentationKey = z.output<typeof presentationKeys>[number];

interface GroupKeys {
  readonly pricing_group_keys?: readonly string[];
  readonly presentation_group_keys?: readonly PresentationKey[];
}

/** Of valid properties, what is stored with those of the model: nothing where nothing is grouped. */
export function normalizeGroupKeys(properties: unknown): GroupKeys {
  const sent = keys.safeParse(sentKeys(properties as StoredProperties)).data ?? [];
  const pricing_group_keys = [...new Set(sent)].filter((key) => key !== '');
  const presentation_group_keys = presentationKeysOf(properties as StoredProperties);
  return {
    ...(pricing_group_keys.length > 0 && { pricing_group_keys }),
    ...(presentation_group_keys.length > 0 && { presentation_group_keys }),
  };
}

function presentationKeysOf(properties: StoredProperties): readonly PresentationKey[] {
  return presentationKeys.safeParse(properties['presentation_group_keys']).data ?? [];
}

/** The properties by whose values the units of a charge are shown, without being priced apart. */
export function presentationGroupKeys(properties: StoredProperties): readonly string[] {
  return presentationKeysOf(properties).map(({ value }) => value);
}

/** As the wire shows them: under both names. */
export function showGroupKeys(properties: StoredProperties): StoredProperties {
  const { pricing_group_keys } = properties;
  return pricing_group_keys === undefined ? properties : { ...properties, grouped_by: pricing_group_keys };
}

function sentKeys(properties: StoredProperties): unknown {
  return names.map((name) => properties[name]).find((sent) => sent !== undefined && sent !== null);
}
