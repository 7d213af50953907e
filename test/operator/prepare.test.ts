import { Filterable, Scrypath, Searchable, Sortable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryEngine, openDatabase, openEngine } from '../stacks/stack';

onEveryEngine('start()', (stack) => {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message), error: () => {} };
  const opened = stack.use(MOVIE_ENTITIES, { logger });
  const index = () => opened.for(Movie).indexName;
  const change = async (settings: object) => {
    await opened.backend.outcomes([await opened.backend.indexes.apply(index(), settings)], { waitMs: 30_000 });
  };
  beforeEach(() => {
    warnings.length = 0;
  });

  it('created the missing index with its settings, and finds nothing to do the second time', async () => {
    const settings = await opened.backend.indexes.settings(index());
    expect(settings.searchableAttributes).toEqual(opened.for(Movie).metadata.settings.searchableAttributes);
    expect([...settings.sortableAttributes].sort()).toEqual([
      '_order.budget',
      '_order.views',
      'released',
      'title',
      'year',
    ]);
    expect(await opened.scrypath.start()).toEqual({
      indexes: [{ entity: 'Movie', index: index(), created: false, differences: [] }],
    });
    expect(warnings).toEqual([]);
  });

  it('reports a live index whose settings differ, and changes nothing', async () => {
    await change({ sortableAttributes: ['year'], searchableAttributes: ['plot', 'title'] });
    const before = await opened.backend.indexes.settings(index());
    const { indexes } = await opened.scrypath.start();
    expect(indexes[0]!.differences.map(({ setting }) => setting).sort()).toEqual([
      'searchableAttributes',
      'sortableAttributes',
    ]);
    expect(indexes[0]!.differences).toContainEqual(expect.objectContaining({ live: ['plot', 'title'] }));
    expect(warnings).toEqual([expect.stringContaining(index())]);
    expect(await opened.backend.indexes.settings(index())).toEqual(before);
  });

  it('compares what is declared only, lists without regard to their order', async () => {
    const { settings } = opened.for(Movie).metadata;
    await change({
      ...settings,
      filterableAttributes: [...settings.filterableAttributes!].reverse(),
      stopWords: ['the'],
    });
    expect((await opened.scrypath.start()).indexes[0]!.differences).toEqual([]);
  });

  it('fails with the backend’s code where the engine cannot create the index', async () => {
    opened.faults.fail('create');
    await opened.backend.outcomes([await opened.backend.indexes.drop(index())], { waitMs: 30_000 });
    await expect(opened.scrypath.start()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect((await opened.scrypath.start()).indexes).toMatchObject([{ created: true }]);
  });

  it('of two instances at once makes one index', async () => {
    @Entity()
    @Searchable({ settings: { stopWords: ['a'], pagination: { maxTotalHits: 10 } } })
    class Shared {
      @PrimaryColumn() id!: number;
      @Searchable() @Filterable() @Sortable() @Column() name!: string;
    }
    const { dataSource, drop } = await openDatabase('sqlite', [Shared]);
    const backend = openEngine(stack.engine);
    const prefix = `twin${Date.now()}`;
    const [left, right] = [
      new Scrypath({ dataSource, backend, prefix, logger }),
      new Scrypath({ dataSource, backend, prefix, logger }),
    ];
    const made = await Promise.all([left.start(), right.start()]);
    expect(made.flatMap(({ indexes }) => indexes).filter(({ created }) => created)).toHaveLength(1);
    const { stopWords, pagination } = await backend.indexes.settings(left.for(Shared).indexName);
    expect({ stopWords, pagination }).toMatchObject({ stopWords: ['a'], pagination: { maxTotalHits: 10 } });
    await backend.outcomes([await backend.indexes.drop(left.for(Shared).indexName)], { waitMs: 30_000 });
    await Promise.all([left.close(), right.close()]);
    await drop();
  });
});

onEveryEngine('close()', (stack) => {
  it('refuses every verb and search afterwards, and can be called twice', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', MOVIE_ENTITIES);
    const scrypath = new Scrypath({ dataSource, backend: openEngine(stack.engine), prefix: `closed${Date.now()}` });
    const movies = scrypath.for(Movie);
    await scrypath.close();
    await scrypath.close();
    const closed = { code: 'CLOSED' };
    await expect(movies.search('')).rejects.toMatchObject(closed);
    await expect(movies.syncKeys([1])).rejects.toMatchObject(closed);
    await expect(movies.deleteDocument('1')).rejects.toMatchObject(closed);
    expect(() => scrypath.for(Movie)).toThrow(expect.objectContaining(closed));
    expect(dataSource.isInitialized).toBe(true);
    await drop();
  });
});
