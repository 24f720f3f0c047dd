import assert from 'node:assert/strict';
import { join } from 'node:path';
import { bundleWorkflows } from '../../workers/bundle.ts';

const CACHE_DIR = join(import.meta.dirname, '../../node_modules/.cache/perennial');
const OWN_CODE_MAX_BYTES = 300_000;

describe('the bundle of the workflows', () => {
  let modules: { readonly path: string; readonly size_bytes: number }[];

  before(async function () {
    this.timeout(60_000);
    const { code } = await bundleWorkflows(CACHE_DIR);
    // Webpack names each module in a line of its own, and ends it where the next begins.
    const parts = code.split(/^\/\*\*\*\/ "/m).slice(1);
    modules = parts.map((part) => ({ path: part.slice(0, part.indexOf('"')), size_bytes: Buffer.byteLength(part) }));
  });

  it('is our workflows and Temporal’s SDK, and nothing else: what is in it is replayed for as long as they live', () => {
    const packages = modules.map(({ path }) => path.match(/node_modules\/(@[^/]+\/[^/]+|[^/]+)/)?.[1]);
    // The last three come with the SDK.
    const allowed = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];
    const others = packages.filter((name) => name !== undefined && !allowed.includes(name));
    assert.deepEqual([...new Set(others)], []);
    const own = modules.filter(({ path }) => !path.includes('node_modules')).map(({ path }) => path);
    assert(own.includes('./workflows/subscription.ts'));
    // Types of activities and of billing leave no trace.
    assert.deepEqual(own.filter((path) => /\.ts$/.test(path) && !path.startsWith('./workflows/')), []); // prettier-ignore
  });

  it('holds little code of our own', () => {
    const own = modules.filter(({ path }) => path.startsWith('./workflows/'));
    const size_bytes = own.reduce((sum, module) => sum + module.size_bytes, 0);
    assert(size_bytes > 1_000 && size_bytes < OWN_CODE_MAX_BYTES, `${size_bytes} bytes`);
  });
});
