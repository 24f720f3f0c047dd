import type { LocalDate } from '../../billing/clock/instant.ts';
import type { Cents } from '../../billing/money/cents.ts';
import type { Currency } from '../../billing/money/currency.ts';

export interface Address {
  readonly address_line1?: string | null;
  readonly address_line2?: string | null;
  readonly city?: string | null;
  readonly state?: string | null;
  readonly zipcode?: string | null;
  readonly country?: string | null;
}

export interface Party extends Address {
  readonly name: string | null;
  readonly legal_name: string | null;
  readonly legal_number: string | null;
  readonly tax_identification_number: string | null;
  readonly email: string | null;
}

export interface Buyer extends Party {
  readonly firstname: string | null;
  readonly lastname: string | null;
  readonly shipping_address: Address;
  /** What the customer wants to read on its documents: an order number, a cost centre. */
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
}

export interface TaxOnDocument {
  readonly tax_code: string;
  readonly tax_name: string;
  readonly tax_rate: string;
  readonly amount_cents: Cents;
  /** What the tax is on. */
  readonly base_amount_cents: Cents;
}

/** What every document says, before it has a language or a form. */
export interface DocumentContent {
  readonly locale: string;
  readonly timezone: string;
  readonly currency: Currency;
  readonly number: string;
  readonly issuing_date: LocalDate;
  readonly seller: Party;
  /** Of the seller: an image as a data URI. */
  readonly logo: string | null;
  readonly buyer: Buyer;
  readonly footer: string | null;
  readonly taxes: readonly TaxOnDocument[];
}
