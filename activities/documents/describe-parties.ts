import type { CustomerDocument } from '../../billing/customers/wire.ts';
import type { OrganizationRow } from '../../db/organizations.ts';
import type { DocumentContent } from '../templates/document-content.ts';

/** Who writes to whom, as they are at this moment. */
export function describeParties(
  organization: OrganizationRow,
  { customer, metadata }: CustomerDocument,
): Pick<DocumentContent, 'locale' | 'seller' | 'logo' | 'buyer' | 'footer'> {
  return {
    locale: customer.document_locale ?? organization.document_locale,
    seller: organization,
    logo: null,
    buyer: { ...customer, metadata: metadata.filter((one) => one.display_in_invoice) },
    footer: organization.invoice_footer,
  };
}
