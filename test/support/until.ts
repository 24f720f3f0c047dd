import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;

/** Waits for what another process does, by looking. Says what it waited for when that does not come about in time. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  { within_ms = 100_000 }: { readonly within_ms?: number } = {},
): Promise<void> {
  const deadline = performance.now() + within_ms;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${within_ms / 1000} s in vain until ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
