import { MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryEngine } from '../stacks/stack';

onEveryEngine('the settings of an index', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);

  it('are read, every one of them, as the engine has them now', async () => {
    const movies = opened.for(Movie);
    const before = await movies.settings();
    expect(before).toMatchObject({ stopWords: [], embedders: {}, pagination: { maxTotalHits: expect.any(Number) } });
    expect(before.searchableAttributes).toContain('title');
    const { backend } = opened;
    const task = await backend.indexes.apply(movies.indexName, {
      stopWords: ['the'],
      embedders: {
        own: {
          source: 'rest',
          url: 'http://127.0.0.1:9',
          apiKey: 'canary-7f3a91',
          dimensions: 3,
          request: '{{text}}',
          response: '{{embedding}}',
        },
      },
    });
    const [outcome] = await backend.outcomes([task], { waitMs: 30_000 });
    expect(outcome).toMatchObject({ status: 'succeeded' });
    const after = await movies.settings();
    expect(after).toMatchObject({ stopWords: ['the'], embedders: { own: { apiKey: '(hidden)' } } });
    expect(JSON.stringify(after)).not.toContain('canary');
  });

  it('of an index that is missing are an error', async () => {
    const { backend } = opened;
    const movies = opened.for(Movie);
    await backend.outcomes([await backend.indexes.drop(movies.indexName)], { waitMs: 30_000 });
    await expect(movies.settings()).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
  });
});
