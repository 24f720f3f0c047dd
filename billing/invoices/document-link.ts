import { createHmac, timingSafeEqual } from 'node:crypto';

/** What names a document to the world, and who may read it. */
export interface DocumentName {
  readonly organization_id: string;
  readonly id: string;
  readonly filename: string;
}

export interface LinkSettings {
  /** Without a trailing slash. */
  readonly api_url: string;
  readonly secret: string;
}

type Kind = 'document' | 'export' | 'logo';

function sign(kind: Kind, { organization_id, id, filename }: DocumentName, secret: string): string {
  return createHmac('sha256', secret).update(`${kind} ${organization_id} ${id} ${filename}`).digest('hex');
}

function signedUrl(kind: Kind, document: DocumentName, { api_url, secret }: LinkSettings): string {
  const query = new URLSearchParams({
    organization: document.organization_id,
    signature: sign(kind, document, secret),
  });
  return `${api_url}/${kind}s/${document.id}/${encodeURIComponent(document.filename)}?${query.toString()}`;
}

/** Where a document is read without an API key: whoever has the link may. It does not expire. */
export function documentUrl(document: DocumentName, settings: LinkSettings): string {
  return signedUrl('document', document, settings);
}

/** The same of an export, for as long as it is kept. */
export function exportUrl(file: DocumentName, settings: LinkSettings): string {
  return signedUrl('export', file, settings);
}

/** The same of the organization's logo. */
export function logoUrl(logo: DocumentName, settings: LinkSettings): string {
  return signedUrl('logo', logo, settings);
}

export function isSignedBy(
  document: DocumentName,
  signature: string,
  secret: string,
  kind: Kind = 'document',
): boolean {
  const expected = Buffer.from(sign(kind, document, secret));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
