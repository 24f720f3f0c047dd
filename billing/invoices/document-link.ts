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

function sign({ organization_id, id, filename }: DocumentName, secret: string): string {
  return createHmac('sha256', secret).update(`document ${organization_id} ${id} ${filename}`).digest('hex');
}

/** Where a document is read without an API key: whoever has the link may. It does not expire. */
export function documentUrl(document: DocumentName, { api_url, secret }: LinkSettings): string {
  const query = new URLSearchParams({ organization: document.organization_id, signature: sign(document, secret) });
  return `${api_url}/documents/${document.id}/${encodeURIComponent(document.filename)}?${query.toString()}`;
}

export function isSignedBy(document: DocumentName, signature: string, secret: string): boolean {
  const expected = Buffer.from(sign(document, secret));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
