import type { CustomerDocument } from '../../billing/customers/wire.ts';
import { type Logo, logoDataUri } from '../../billing/organizations/logo.ts';
import type { OrganizationRow } from '../../db/organizations.ts';
import type { DocumentContent } from '../templates/document-content.ts';

export interface Seller {
  readonly organization: OrganizationRow;
  readonly logo: Logo | undefined;
}

/** Who writes to whom, as they are at this moment. */
export function describeParties(
  { organization, logo }: Seller,
  { customer, metadata }: CustomerDocument,
): Pick<DocumentContent, 'locale' | 'seller' | 'logo' | 'buyer' | 'footer'> {
  return {
    locale: customer.document_locale ?? organization.document_locale,
    seller: organization,
    logo: logo ? logoDataUri(logo) : null,
    buyer: { ...customer, metadata: metadata.filter((one) => one.display_in_invoice) },
    footer: organization.invoice_footer,
  };
}
