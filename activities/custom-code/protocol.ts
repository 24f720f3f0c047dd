// What the main thread and the isolate say to each other. Decimals are text.

export interface RunRequest {
  readonly code: string;
  readonly custom_properties: string;
  readonly total_units: string;
  readonly amount: string;
  readonly events: readonly { readonly timestamp: number; readonly properties: Readonly<Record<string, unknown>> }[];
}

export interface RunAnswer {
  /** Of each event: the units after it, and its own amount. */
  readonly results: readonly (readonly [total_units: string, amount: string])[];
  readonly failure?: { readonly message: string; readonly isLimit: boolean } | undefined;
}
