import { v7 } from 'uuid';

/** A new id. Version 7: later ids sort after earlier ones, which keeps the newest first where instants are equal (a sandbox's clock stands still). */
export function newId(): string {
  return v7();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text can be compared with a uuid column at all. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
