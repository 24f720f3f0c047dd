import { assert } from '../assert.ts';
import type { LocalDate } from '../clock/instant.ts';

export const documentNumberings = ['per_customer', 'per_organization'] as const;
export type DocumentNumbering = (typeof documentNumberings)[number];

const PREFIX_CHARACTERS_MAX = 10;

/** `HOO-1234`: the first letters of the name and the end of the id. */
export function defaultDocumentNumberPrefix({ id, name }: { readonly id: string; readonly name: string }): string {
  const letters = Array.from(name.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '')).slice(0, 3);
  return [letters.join(''), id.slice(-4).toUpperCase()].filter((part) => part !== '').join('-');
}

/** Upper-cased; undefined when it is no prefix. */
export function parseDocumentNumberPrefix(text: string): string | undefined {
  const prefix = text.trim().toUpperCase();
  const length = Array.from(prefix).length;
  return length >= 1 && length <= PREFIX_CHARACTERS_MAX ? prefix : undefined;
}

/** `HOO-1234-007`. Given at creation, and kept when the prefix changes. */
export function customerSlug(prefix: string, customer_sequential_id: number): string {
  return `${prefix}-${padded(customer_sequential_id)}`;
}

/** What a draft shows until it gets its number. */
export function draftNumber(prefix: string): string {
  return `${prefix}-DRAFT`;
}

interface CustomerSequence {
  readonly document_numbering: 'per_customer';
  readonly prefix: string;
  readonly customer_sequential_id: number;
  /** The customer's n-th finalized invoice. */
  readonly customer_sequence: number;
}

interface OrganizationSequence {
  readonly document_numbering: 'per_organization';
  readonly prefix: string;
  /** The organization's n-th: it does not restart with the month. */
  readonly organization_sequence: number;
  /** In the organization's time zone. */
  readonly finalized_on: LocalDate;
}

/** The number given at finalization, once. Sequences count finalized invoices, and start at 1. */
export function invoiceNumber(invoice: CustomerSequence | OrganizationSequence): string {
  if (invoice.document_numbering === 'per_customer')
    return `${customerSlug(invoice.prefix, invoice.customer_sequential_id)}-${padded(invoice.customer_sequence)}`;
  const month = invoice.finalized_on.slice(0, 7).replace('-', '');
  return `${invoice.prefix}-${month}-${padded(invoice.organization_sequence)}`;
}

function padded(sequence: number): string {
  assert(Number.isSafeInteger(sequence) && sequence > 0, 'numbering: sequences count from 1');
  return String(sequence).padStart(3, '0');
}
