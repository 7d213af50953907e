import type { Backend, HitPage } from '../../src/backend/backend.js';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import { describeBackend } from '../../src/testing/conformance/describe-backend.js';
import { CollectingFramework } from './collecting-framework.js';
import { replayingBackend } from './replaying-backend.js';

const isSearch = (title: string): boolean => title.includes(' › searching ');

/** The titles of the searches that fail with an engine. */
async function failuresOf(backend: Backend): Promise<{ readonly run: number; readonly failed: readonly string[] }> {
  const framework = new CollectingFramework();
  describeBackend('engine', async () => ({ backend, dispose: async () => {} }), framework);
  const outcomes = [...(await framework.run(isSearch))];
  return { run: outcomes.length, failed: outcomes.filter(([, failure]) => failure !== null).map(([title]) => title) };
}

const changed = (change: Partial<HitPage> | ((page: HitPage) => Partial<HitPage>)): Backend =>
  replayingBackend((page) => ({ ...page, ...(typeof change === 'function' ? change(page) : change) }));

describe('the conformance suite', () => {
  it('passes an engine that gives the recorded answers', async () => {
    const { run, failed } = await failuresOf(replayingBackend());
    expect(failed).toEqual([]);
    expect(run).toBeGreaterThanOrEqual(300);
  });

  it('fails every answer whose hits stand in another order', async () => {
    const { failed } = await failuresOf(changed(({ hits }) => ({ hits: [...hits].reverse() })));
    expect(failed).toContain('engine › searching films › sort › numbers upwards');
    expect(failed).toContain('engine › searching films › words › two words of different fields');
    expect(failed).toContain('engine › searching ranking › rank rules › nearer words first');
    expect(failed).not.toContain('engine › searching films › words › one word in a title');
  });

  it('fails every search of an engine that finds nothing, unless nothing is there', async () => {
    const { run, failed } = await failuresOf(changed({ hits: [] }));
    expect(failed.length).toBeGreaterThan(run * 0.7);
    expect(failed).not.toContain('engine › searching films › words › a word that no document has');
  });

  it('fails an engine that counts one too many', async () => {
    const { run, failed } = await failuresOf(
      changed((page) => (page.totalHits === undefined ? {} : { totalHits: page.totalHits + 1 })),
    );
    expect(failed.length).toBeGreaterThan(run * 0.9);
  });

  it('fails an engine that calls an estimate a total', async () => {
    const { failed } = await failuresOf(
      replayingBackend(({ estimatedTotalHits, ...page }) =>
        estimatedTotalHits === undefined ? page : { ...page, totalHits: estimatedTotalHits },
      ),
    );
    expect(failed).toContain('engine › searching films › without text › an estimate in place of a total');
  });

  it('fails an engine that leaves facets, or their range, out', async () => {
    const facetless = await failuresOf(changed({ facets: {} }));
    expect(facetless.failed).toContain('engine › searching films › facets › booleans');
    const rangeless = await failuresOf(changed({ facetStats: {} }));
    expect(rangeless.failed).toContain('engine › searching films › facets › numbers, with their range');
  });

  it('fails an engine that marks nothing', async () => {
    const plain = ({ hits }: HitPage) => ({ hits: hits.map((hit) => ({ ...hit, formatted: null })) });
    const { failed } = await failuresOf(changed(plain));
    expect(failed).toContain('engine › searching films › highlight › a word');
    expect(failed).not.toContain('engine › searching films › words › one word in a title');
  });

  it('fails an engine that gives back other documents than were written', async () => {
    const altered = ({ hits }: HitPage) => ({ hits: hits.map((hit) => ({ ...hit, data: { ...hit.data, extra: 1 } })) });
    const { failed } = await failuresOf(changed(altered));
    expect(failed).toContain('engine › searching films › words › one word in a title');
  });

  it('fails an engine that refuses with another code, or not at all', async () => {
    const refusing: Backend = {
      ...replayingBackend(),
      search: async () => {
        throw new ScrypathError({ code: 'BACKEND_BROKEN', happened: 'Always.' });
      },
    };
    const { run, failed } = await failuresOf(refusing);
    expect(failed).toHaveLength(run);
    const accepting: Backend = {
      ...replayingBackend(),
      search: async () => ({ hits: [], totalHits: 0, totalPages: 0, facets: {}, facetStats: {}, raw: null }),
    };
    expect((await failuresOf(accepting)).failed).toContain(
      'engine › searching films › filter › a field that is not filterable',
    );
  });

  it('names what it needs where no test framework is there', () => {
    const kept = globalThis.describe;
    try {
      Object.assign(globalThis, { describe: undefined });
      expect(() => describeBackend('engine', () => Promise.reject(new Error('not opened')))).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    } finally {
      Object.assign(globalThis, { describe: kept });
    }
  });
});
