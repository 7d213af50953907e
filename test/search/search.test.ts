import { runInNewContext } from 'node:vm';
import { type Actor, aDirector, aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryStack } from '../stacks/stack';

onEveryStack('a search', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  const movies = () => opened.for(Movie);
  let all: Movie[];

  beforeAll(async () => {
    const [nolan, varda] = [
      aDirector({ name: 'Christopher Nolan', country: { code: 'gb' } as never }),
      aDirector({ name: 'Agnès Varda', country: null }),
    ];
    const actor = (name: string) => ({ name }) as Actor;
    all = await opened.dataSource.getRepository(Movie).save([
      aMovie({
        title: 'Interstellar',
        year: 2014,
        genres: ['Sci-Fi', 'Drama'],
        budget: '165000000.00',
        views: '9007199254740993',
        released: new Date('2014-11-07T00:00:00Z'),
        director: nolan,
        cast: [actor('Anne Hathaway')],
      }),
      aMovie({
        title: 'Inception',
        year: 2010,
        genres: ['Sci-Fi', 'Action'],
        budget: '160000000.00',
        views: '9007199254740992',
        released: new Date('2010-07-16T00:00:00Z'),
        director: nolan,
        cast: [actor('Elliot Page')],
      }),
      aMovie({
        title: 'Cléo from 5 to 7',
        year: 1962,
        genres: ['Drama'],
        budget: '9.50',
        views: '-5',
        director: varda,
        colour: false,
        plot: 'A singer waits in Paris',
      }),
      aMovie({
        title: 'Vagabond',
        year: 1985,
        genres: [],
        budget: '1000.00',
        views: '12',
        director: varda,
        plot: null,
      }),
    ]);
    await movies().syncRecords(all);
  });
  const titles = async (...args: Parameters<ReturnType<typeof movies>['search']>) =>
    (await movies().search(...args)).hits.map(({ title }) => title);

  it('finds words, prefixes, typos and swapped letters, in fields and in related records', async () => {
    expect(await titles('interstellar')).toEqual(['Interstellar']);
    expect(await titles('vagab')).toEqual(['Vagabond']);
    expect(await titles('interstelar')).toEqual(['Interstellar']);
    expect(await titles('icneption')).toEqual(['Inception']);
    expect((await titles('nolan')).sort()).toEqual(['Inception', 'Interstellar']);
    expect(await titles('hathaway')).toEqual(['Interstellar']);
    expect((await titles('agnes')).sort()).toEqual(['Cléo from 5 to 7', 'Vagabond']);
  });

  it.each([
    ['equality', { year: 2010 }, ['Inception']],
    ['equality of text, whatever its case', { 'director.name': 'CHRISTOPHER nolan' }, ['Inception', 'Interstellar']],
    ['in', { genres: { in: ['Action', 'Western'] } }, ['Inception']],
    ['in nothing', { genres: { in: [] } }, []],
    ['several conditions at once', { genres: 'Drama', year: { gte: 1960, lt: 2000 } }, ['Cléo from 5 to 7']],
    ['a boolean', { colour: false }, ['Cléo from 5 to 7']],
    ['a date', { released: { gt: new Date('2012-01-01T00:00:00Z') } }, ['Interstellar']],
    ['a date as milliseconds', { released: { lte: Date.UTC(2010, 6, 16) } }, ['Inception']],
    ['a decimal by its value', { budget: '9.5' }, ['Cléo from 5 to 7']],
    ['decimals in order, not as text', { budget: { gt: '999.99', lt: '160000000.01' } }, ['Inception', 'Vagabond']],
    ['integers beyond a double', { views: { gt: '9007199254740992' } }, ['Interstellar']],
    ['null of a decimal', { budget: null }, []],
    ['null of an integer, in a list', { views: { in: [null, 12] } }, ['Vagabond']],
    [
      'isNull and exists of exact numbers',
      { budget: { isNull: false }, views: { exists: true } },
      ['Cléo from 5 to 7', 'Inception', 'Interstellar', 'Vagabond'],
    ],
    ['negative integers', { views: { lt: 0 } }, ['Cléo from 5 to 7']],
    ['null: records without a value', { released: null }, ['Cléo from 5 to 7', 'Vagabond']],
    ['null behind a relation that is null', { 'director.country.code': null }, ['Cléo from 5 to 7', 'Vagabond']],
    [
      'in with null',
      { released: { in: [null, Date.UTC(2010, 6, 16)] } },
      ['Cléo from 5 to 7', 'Inception', 'Vagabond'],
    ],
    ['isNull', { released: { isNull: false } }, ['Inception', 'Interstellar']],
    ['exists', { 'director.country.code': { exists: true } }, ['Inception', 'Interstellar']],
    ['$not', { $not: { 'director.country.code': null } }, ['Inception', 'Interstellar']],
    ['$or', { $or: [{ year: 1985 }, { year: 1962 }] }, ['Cléo from 5 to 7', 'Vagabond']],
    [
      '$and of $or and $not',
      { $and: [{ $or: [{ year: { gt: 2000 } }, { year: 1985 }] }, { $not: { genres: 'Action' } }] },
      ['Interstellar', 'Vagabond'],
    ],
    ['no condition', {}, ['Cléo from 5 to 7', 'Inception', 'Interstellar', 'Vagabond']],
  ] as const)('filters by %s', async (_name, filter, expected) => {
    expect((await titles('', { filter: filter as never })).sort()).toEqual(expected);
  });

  it('sorts by numbers, text, dates and exact numbers, records without a value last', async () => {
    expect(await titles('', { sort: { year: 'desc' } })).toEqual([
      'Interstellar',
      'Inception',
      'Vagabond',
      'Cléo from 5 to 7',
    ]);
    expect(await titles('', { sort: { budget: 'asc' } })).toEqual([
      'Cléo from 5 to 7',
      'Vagabond',
      'Inception',
      'Interstellar',
    ]);
    expect((await titles('', { sort: { released: 'asc' } })).slice(0, 2)).toEqual(['Inception', 'Interstellar']);
    expect((await titles('', { sort: { released: 'desc' } })).slice(0, 2)).toEqual(['Interstellar', 'Inception']);
    expect(await titles('', { sort: [{ title: 'asc' }, { year: 'asc' }] })).toEqual([
      'Cléo from 5 to 7',
      'Inception',
      'Interstellar',
      'Vagabond',
    ]);
  });

  it('pages with exact totals, or with an estimate that is not called a total', async () => {
    const second = await movies().search('', { sort: { year: 'asc' }, page: { number: 2, size: 3 } });
    expect(second.hits.map(({ title }) => title)).toEqual(['Interstellar']);
    expect(second.page).toEqual({ number: 2, size: 3, totalHits: 4, totalPages: 2 });
    const estimate = await movies().search('', { page: { size: 3, total: 'estimate' } });
    expect(estimate.page).toEqual({ number: 1, size: 3, estimatedTotalHits: expect.any(Number) });
    expect((await movies().search('', { page: { number: 9 } })).hits).toEqual([]);
  });

  it('counts facets over all matches, in the names of the properties', async () => {
    const { facets } = await movies().search('', { facets: ['genres', 'director.name', 'colour'], page: { size: 1 } });
    expect(facets).toEqual({
      genres: { Action: 1, Drama: 2, 'Sci-Fi': 2 },
      'director.name': { 'Agnès Varda': 2, 'Christopher Nolan': 2 },
      colour: { false: 1, true: 3 },
    });
  });

  it('marks what matched', async () => {
    const { hits } = await movies().search('vagabund', { highlight: { fields: ['title'], pre: '[', post: ']' } });
    expect(hits[0]).toMatchObject({ title: 'Vagabond', _formatted: { title: '[Vagabond]' } });
    expect(JSON.stringify(hits)).not.toContain('_order');
  });

  it('gives hits the record’s primary key, and nothing that is not declared', async () => {
    const [hit] = (await movies().search('vagabond')).hits;
    const vagabond = all.find(({ title }) => title === 'Vagabond')!;
    expect(hit).toMatchObject({
      id: vagabond.id,
      _key: String(vagabond.id),
      title: 'Vagabond',
      plot: null,
      genres: [],
      cast: [],
    });
    expect(Object.keys(hit!)).not.toContain('deletedAt');
  });

  it('reads no row unless it is asked to', async () => {
    opened.forgetSql();
    const result = await movies().search('vagabond');
    expect(opened.sql).toEqual([]);
    expect(result).not.toHaveProperty('records');
    expect(result).not.toHaveProperty('missingIds');
  });

  it('sends one frozen query', async () => {
    const { query } = await movies().search('x', { filter: { year: { gte: 1 } }, sort: { year: 'asc' } });
    for (const part of [query, query.filter, query.sort, query.sort[0], query.page])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it.each([
    [
      'an undeclared filter field, listing what is declared',
      { filter: { title: 'x' } },
      'FIELD_NOT_DECLARED',
      'year, genres',
    ],
    ['an unknown filter field', { filter: { titel: 'x' } }, 'FIELD_NOT_DECLARED', '@Filterable'],
    ['an undeclared sort field', { sort: { genres: 'asc' } }, 'FIELD_NOT_DECLARED', 'title, year'],
    ['an undeclared facet', { facets: ['year'] }, 'FIELD_NOT_DECLARED', 'genres, colour'],
    ['an undeclared highlight', { highlight: { fields: ['id'] } }, 'FIELD_NOT_DECLARED', 'title'],
    ['a wrong type of value', { filter: { year: '1999' } }, 'QUERY_INVALID', 'a number'],
    ['a wrong type in a list', { filter: { genres: { in: ['a', 1n] } } }, 'QUERY_INVALID', 'a string'],
    ['text for a date', { filter: { released: { gt: '2000' } } }, 'QUERY_INVALID', 'a Date'],
    ['text for a decimal', { filter: { budget: 'cheap' } }, 'QUERY_INVALID', 'decimal'],
    ['an invalid date', { filter: { released: new Date('x') } }, 'QUERY_INVALID', 'a Date'],
    ['NaN', { filter: { year: { gt: Number.NaN } } }, 'QUERY_INVALID', 'a number'],
    ['undefined as a value', { filter: { year: undefined } }, 'QUERY_INVALID', 'undefined'],
    ['undefined as an operand', { filter: { year: { gte: undefined } } }, 'QUERY_INVALID', 'undefined'],
    ['undefined in a list', { filter: { genres: { in: [undefined] } } }, 'QUERY_INVALID', 'a string'],
    ['an unknown operator', { filter: { year: { over: 1 } } }, 'QUERY_INVALID', 'gte'],
    ['no operator', { filter: { year: {} } }, 'QUERY_INVALID', 'gte'],
    ['an empty $or', { filter: { $or: [] } }, 'QUERY_INVALID', '$or'],
    ['an $or with an empty part', { filter: { $or: [{ year: 1 }, {}] } }, 'QUERY_INVALID', '$or'],
    ['an empty $not', { filter: { $not: {} } }, 'QUERY_INVALID', '$not'],
    ['a filter as text', { filter: 'year = 1' }, 'QUERY_INVALID', 'object'],
    ['a sort direction', { sort: { year: 'down' } }, 'QUERY_INVALID', "'asc'"],
    ['page 0', { page: { number: 0 } }, 'QUERY_INVALID', 'at least 1'],
    ['page size 0', { page: { size: 0 } }, 'QUERY_INVALID', '1 to 1000'],
    ['page size 1001', { page: { size: 1001 } }, 'QUERY_INVALID', '1 to 1000'],
    ['a fraction of a page', { page: { number: 1.5 } }, 'QUERY_INVALID', 'whole number'],
    ['an unknown page option', { page: { limit: 3 } }, 'QUERY_INVALID', 'number, size'],
    ['an unknown option', { limit: 3 }, 'QUERY_INVALID', 'filter, sort'],
    ['a Map for a filter', { filter: new Map([['year', 1]]) }, 'QUERY_INVALID', 'an instance of Map'],
    ['a promise for a filter', { filter: Promise.resolve({ year: 1 }) }, 'QUERY_INVALID', 'a promise'],
    ['an instance for a filter', { filter: new (class Years {})() }, 'QUERY_INVALID', 'an instance of Years'],
    ['a list for a filter', { filter: [{ year: 1 }] }, 'QUERY_INVALID', 'an array'],
    ['null for a filter', { filter: null }, 'QUERY_INVALID', 'null'],
    ['a promise in $not', { filter: { $not: Promise.resolve({ year: 1 }) } }, 'QUERY_INVALID', 'a promise'],
    [
      'a promise in $or',
      { filter: { $or: [{ year: 1 }, Promise.resolve({ year: 2 })] } },
      'QUERY_INVALID',
      'a promise',
    ],
    ['a Map for a condition', { filter: { year: new Map([['gte', 1]]) } }, 'QUERY_INVALID', 'an instance of Map'],
    ['a promise for a value', { filter: { year: Promise.resolve(1) } }, 'QUERY_INVALID', 'a promise'],
    ['a Map for a sort', { sort: new Map([['year', 'asc']]) }, 'QUERY_INVALID', 'an instance of Map'],
    ['a promise in a sort', { sort: [Promise.resolve({ year: 'asc' })] }, 'QUERY_INVALID', 'a promise'],
    ['a list for a page', { page: [] }, 'QUERY_INVALID', 'an array'],
    ['a Map for a page', { page: new Map([['size', 1]]) }, 'QUERY_INVALID', 'an instance of Map'],
    ['a promise for highlight', { highlight: Promise.resolve(true) }, 'QUERY_INVALID', 'a promise'],
    ['a number for text', { filter: { 'director.name': 5 } }, 'QUERY_INVALID', 'a string'],
    ['a number for text, by an operator', { filter: { genres: { gte: 5 } } }, 'QUERY_INVALID', 'a string'],
    ['1 MB of zeros for a decimal', { filter: { budget: `${'0'.repeat(2 ** 20)}x` } }, 'QUERY_INVALID', '450 digits'],
    ['null for hydrate', { hydrate: null }, 'QUERY_INVALID', 'hydrate is null'],
    ['a number for hydrate', { hydrate: 5 }, 'QUERY_INVALID', 'a number'],
    ['an unknown option of hydrate', { hydrate: { relation: {} } }, 'QUERY_INVALID', 'relations, select'],
    ['an unknown relation of hydrate', { hydrate: { relations: { nope: true } } }, 'QUERY_INVALID', 'director, cast'],
    ['a list of relations', { hydrate: { relations: ['director'] } }, 'QUERY_INVALID', 'an array'],
    ['an unknown selection', { hydrate: { select: { titel: true } } }, 'QUERY_INVALID', 'title'],
    ['no manager', { hydrate: { manager: {} } }, 'QUERY_INVALID', 'EntityManager'],
    ['no repository', { hydrate: { repository: null } }, 'QUERY_INVALID', 'Repository'],
    ['a number for an index', { index: 5 }, 'QUERY_INVALID', 'index'],
    ['a number for a signal', { signal: 5 }, 'QUERY_INVALID', 'AbortSignal'],
    ['unknown matching', { matching: 'some' }, 'QUERY_INVALID', 'frequency'],
  ])('refuses %s before anything is sent', async (_name, options, code, remedy) => {
    opened.faults.fail('search', { error: new Error('it was sent') });
    await expect(movies().search('', options as never)).rejects.toMatchObject({
      code,
      entity: 'Movie',
      message: expect.stringContaining(remedy),
    });
    await opened.faults.clear();
  });

  it.each([
    ['null', null],
    ['a number', 5],
    ['an array', []],
    ['a promise', Promise.resolve({})],
  ])('refuses options that are %s', async (kind, options) => {
    await expect(movies().search('', options as never)).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringContaining(kind),
    });
  });

  it('with hydrate false reads no row', async () => {
    opened.forgetSql();
    expect(await movies().search('vagabond', { hydrate: false })).not.toHaveProperty('records');
    expect(opened.sql).toEqual([]);
  });

  it('takes filters without a prototype, and those of another realm', async () => {
    const bare = Object.assign(Object.create(null), { year: 1985 });
    expect(await titles('', { filter: bare })).toEqual(['Vagabond']);
    const foreign = runInNewContext('({ year: { gte: 2014 } })');
    expect(await titles('', { filter: foreign })).toEqual(['Interstellar']);
  });

  it('refuses text that is no string', async () => {
    await expect(movies().search(undefined as never)).rejects.toMatchObject({ code: 'QUERY_INVALID' });
  });

  it('on an index that is missing is INDEX_NOT_FOUND', async () => {
    await expect(movies().search('x', { index: 'not_there' })).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
  });
});
