import { invalid } from '../errors.ts';

const CONTENT_TYPES = ['image/png', 'image/jpeg'] as const;
export type LogoContentType = (typeof CONTENT_TYPES)[number];

/** The image on the organization's documents. */
export interface Logo {
  readonly content_type: LogoContentType;
  readonly content: Buffer;
}

const BYTES_MAX = 800 * 1024;
/** A small file can unpack to an image that no machine has the memory for. */
const PIXELS_MAX = 16_000_000;

const BEGINNINGS: readonly (readonly [LogoContentType, Buffer])[] = [
  ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
  ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff])],
];

/** From a data URI, or from its base64 alone. What an image is shows in its bytes, whatever it says it is. */
export function parseLogo(text: string): Logo {
  const pattern = /^(?:data:([^;,]*)[^,]*;base64,)?([A-Za-z0-9+/]+={0,2})$/;
  const [, said, base64 = ''] = pattern.exec(text.replaceAll(/\s/g, '')) ?? [];
  const content = Buffer.from(base64, 'base64');
  const content_type = BEGINNINGS.find(([, bytes]) => content.subarray(0, bytes.length).equals(bytes))?.[0];
  if (!content_type || (said !== undefined && !CONTENT_TYPES.some((one) => one === said)))
    throw invalid({ logo: ['invalid_content_type'] });
  if (content.length > BYTES_MAX || pixelsOf(content, content_type) > PIXELS_MAX)
    throw invalid({ logo: ['file_too_large'] });
  return { content_type, content };
}

/** As its head says; JPEGs of the permitted size are never that large. */
function pixelsOf(content: Buffer, content_type: LogoContentType): number {
  if (content_type !== 'image/png') return 0;
  return content.length < 24 ? 0 : content.readUInt32BE(16) * content.readUInt32BE(20);
}

export const logoFilename = ({ content_type }: Pick<Logo, 'content_type'>): string =>
  content_type === 'image/png' ? 'logo.png' : 'logo.jpg';

/** The image inside a page. */
export const logoDataUri = ({ content_type, content }: Logo): string =>
  `data:${content_type};base64,${content.toString('base64')}`;
