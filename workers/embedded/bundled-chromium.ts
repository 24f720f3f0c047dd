import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
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
  /** Environment that lends a bare machine what it lacks: NSS and Expat, and a font, without which Chromium draws no text at all. */
  readonly supplies: Readonly<Record<string, string>>;
}

/** The machine's own fonts are found with it as well. */
const FONTCONFIG = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** The package holds a program for one platform. */
export function canBeUnpacked(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

/** Where it is, once unpacked. */
export function bundledSource(cache: string): BundledChromium {
  const folder = join(cache, `sparticuz-chromium-${packages.dependencies[PACKAGE]}-${process.getuid?.() ?? 'user'}`);
  return {
    executable_path: join(folder, 'chromium'),
    source: `npm ${PACKAGE}`,
    supplies: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: join(folder, 'fontconfig.xml') },
  };
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
      ...['al2023.tar.br', 'fonts.tar.br'].map((archive) =>
        pipeline(createReadStream(join(packed, archive)), createBrotliDecompress(), extract(draft)),
      ),
      writeFile(join(draft, 'fontconfig.xml'), FONTCONFIG),
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
