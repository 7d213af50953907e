import { EmbeddedBackend, embedded } from '../../src/embedded/index.js';
import type { SearchQuery } from '../../src/query/search-query.js';

const query = (given: Partial<SearchQuery>): SearchQuery => ({
  text: '',
  filter: null,
  sort: [],
  page: { number: 1, size: 20 },
  total: 'exact',
  facets: [],
  highlight: null,
  matching: 'last',
  ...given,
});
const done = async (backend: EmbeddedBackend, tasks: readonly { id: number; index: string }[]) =>
  backend.outcomes(tasks, { waitMs: 20_000 });

it('works end to end', async () => {
  const backend = embedded();
  const tasks = [
    await backend.indexes.create('movies'),
    await backend.indexes.apply('movies', { filterableAttributes: ['year', 'genres'], sortableAttributes: ['year'] }),
    ...(await backend.upsert('movies', [
      { key: '1', data: { title: 'Alien', year: 1979, genres: ['Horror', 'Sci-Fi'] }, source: 'fields' },
      { key: '2', data: { title: 'Aliens', year: 1986, genres: ['Action'] }, source: 'fields' },
    ])),
  ];
  expect((await done(backend, tasks)).map(({ status, error }) => [status, error])).toEqual(
    tasks.map(() => ['succeeded', null]),
  );
  const page = await backend.search(
    'movies',
    query({ filter: { kind: 'compare', field: 'year', operator: 'gt', value: 1980 }, facets: ['genres'] }),
  );
  expect(page).toMatchObject({ totalHits: 1, hits: [{ key: '2' }], facets: { genres: { Action: 1 } } });
  await backend.close();
});
