import { Scrypath, type SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { openDatabase } from '../stacks/stack';

describe('what a caller without types gives', () => {
  let scrypath: Scrypath;
  let movies: SearchService<Movie>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const { dataSource, drop } = await openDatabase('sqlite', MOVIE_ENTITIES);
    scrypath = new Scrypath({ dataSource, backend: embedded() });
    await scrypath.start();
    movies = scrypath.for(Movie);
    close = () => scrypath.close().then(drop);
  });
  afterAll(() => close());
  const movie = aMovie({ id: 1 });
  /** The verbs, as JavaScript sees them. */
  const verb = (name: string, ...given: unknown[]) =>
    Promise.resolve().then(() =>
      (movies as unknown as Record<string, (...given: unknown[]) => unknown>)[name]!(...given),
    );

  it.each<[string, unknown[], string]>([
    ['syncRecords', [movie], 'an instance of Movie'],
    ['syncRecords', [null], 'null'],
    ['syncRecords', [Promise.resolve([movie])], 'a promise'],
    ['syncRecords', [[movie, null]], 'null'],
    ['syncRecords', [[1]], 'a number'],
    ['syncRecord', [undefined], 'undefined'],
    ['syncRecord', [5], 'a number'],
    ['syncRecord', [[movie]], 'an array'],
    ['syncRecord', [Promise.resolve(movie)], 'a promise'],
    ['document', [null], 'null'],
    ['document', ['x'], 'a string'],
    ['syncKeys', [null], 'null'],
    ['syncKeys', [5], 'a number'],
    ['syncKeys', ['12'], 'a string'],
    ['deleteRecords', [movie], 'an instance of Movie'],
    ['deleteRecords', ['12'], 'a string'],
    ['deleteDocuments', ['abc'], 'a string'],
    ['deleteDocuments', [null], 'null'],
    ['deleteDocuments', [[5]], 'a number'],
    ['deleteDocuments', [[undefined]], 'undefined'],
    ['deleteDocument', [5], 'a number'],
    ['syncRecord', [movie, null], 'null'],
    ['syncRecord', [movie, 5], 'a number'],
    ['syncRecord', [movie, { signal: 5 }], 'signal'],
    ['syncKeys', [[1], { manager: {} }], 'manager'],
    ['syncKeys', [[], { manager: null }], 'manager'],
    ['deleteRecord', [1, { index: 5 }], 'index'],
    ['deleteRecord', [1, { prefix: null }], 'prefix'],
    ['deleteDocuments', [['1'], { timeoutMs: '5' }], 'timeoutMs'],
    ['deleteDocuments', [['1'], { timeoutMs: Number.POSITIVE_INFINITY }], 'timeoutMs'],
    ['syncRecords', [[], { mod: 'manual' }], 'mod is no option'],
    ['syncRecords', [[], { mode: null }], 'mode'],
  ])('to %s is refused with what was given, never its value', async (name, given, kind) => {
    await expect(verb(name, ...given)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      entity: 'Movie',
      message: expect.stringContaining(kind),
    });
    await expect(verb(name, ...given)).rejects.not.toMatchObject({ message: expect.stringContaining(movie.title) });
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', {}],
    ['an object', { options: null }],
    ['an array', []],
  ])('for %s in for() is ENTITY_UNKNOWN', (kind, entity) => {
    expect(() => scrypath.for(entity as never)).toThrow(
      expect.objectContaining({ code: 'ENTITY_UNKNOWN', message: expect.stringContaining(`${kind} names no entity`) }),
    );
  });

  it('that holds still does', async () => {
    const controller = new AbortController();
    expect(await movies.syncRecords([movie], { signal: controller.signal, timeoutMs: 5_000 })).toMatchObject({
      count: 1,
    });
    expect(await movies.syncRecords([])).toMatchObject({ status: 'noop' });
  });
});
