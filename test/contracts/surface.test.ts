import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describeApi } from '../../api/app.ts';
import { type Difference, type Surface, compareOperation } from './surface.ts';

/** Facts of the API that existing clients are written for. A resource comes under the test by adding its operations and types. */
const surface = JSON.parse(readFileSync(new URL('surface.json', import.meta.url), 'utf8')) as Surface;

const document = describeApi({
  settings: { api_url: 'http://localhost', secret: '', webhook_private_key: '', version: 'test' },
});

const differences = new Map<string, Difference[]>(
  Object.entries(surface.operations).map(([op, facts]) => [op, compareOperation(op, facts, surface, document)]),
);

describe('the surface that clients know', () => {
  const isNoted = ({ path }: Difference): boolean => path in surface.later || path in surface.ours;

  for (const [op, found] of differences)
    it(`is that of ${op}`, () => {
      const unexpected = found.filter((difference) => !isNoted(difference));
      assert.deepEqual(
        unexpected.map(({ path, what }) => `${path} ${what}`),
        [],
      );
    });

  const paths = new Set([...differences.values()].flat().map(({ path }) => path));

  it('has nothing that is built and still noted as coming later', () => {
    const isBuilt = (path: string): boolean => {
      const [method = '', rest = ''] = path.split(' ');
      return /^[A-Z]+ \/\S*$/.test(path)
        ? document.paths[`/api/v1${rest}`]?.[method.toLowerCase()] !== undefined
        : !paths.has(path);
    };
    assert.deepEqual(Object.keys(surface.later).filter(isBuilt), []);
  });

  it('differs on purpose only where it does differ', () => {
    assert.deepEqual(
      Object.keys(surface.ours).filter((path) => !paths.has(path)),
      [],
    );
  });
});
