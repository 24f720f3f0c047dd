import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
const workflowsPath = join(root, 'workflows/index.ts');

/** The workflows as one script, made anew only when their sources, or the SDK, have changed. `cache_dir` keeps it between starts. */
export async function bundleWorkflows(cache_dir: string): Promise<WorkflowBundle> {
  const file = join(cache_dir, `workflows-${await fingerprint()}.js`);
  if (existsSync(file)) return { code: await readFile(file, 'utf8') };
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  await mkdir(cache_dir, { recursive: true });
  // Written beside and renamed: two workers that start at once never read half a file.
  await writeFile(`${file}.${process.pid}`, bundle.code);
  await rename(`${file}.${process.pid}`, file);
  return bundle;
}

async function fingerprint(): Promise<string> {
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
  const hash = createHash('sha256').update(version);
  const folders = ['workflows', 'billing/clock', 'activities/shared'].map((folder) => join(root, folder));
  for (const folder of folders)
    for (const name of (await readdir(folder, { recursive: true })).filter((one) => one.endsWith('.ts')).sort())
      hash.update(name).update(await readFile(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

const nothing = (): void => undefined;
const quiet = {
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: console.error,
  error: console.error,
};
