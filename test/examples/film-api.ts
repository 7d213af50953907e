import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reachable } from '../stacks/reachable';
import { onStack, openDatabase, openEngine, type Stack } from '../stacks/stack';
import { CleanCopy } from './clean-copy';
import type { ServedExample } from './served-example';

const INDEX = 'scrypath_api_movies';
const MINUTES = 60_000;
const WAIT = { prefer: 'wait=20' };
/** Database and engine in the process, as without any variable; and servers for both. */
const STACKS = [
  ['sqlite', 'embedded'],
  ['postgres', 'meilisearch'],
] as const;

/** The endpoints that both examples have, driven over HTTP. */
export function specifyFilmApi(script: string): void {
  const copy = new CleanCopy();
  let first: ServedExample;
  beforeAll(async () => {
    first = copy.serveByNpm(script);
    await first.address();
  }, 5 * MINUTES);
  afterAll(async () => {
    await first?.kill();
    copy.remove();
  });

  describe(`npm run ${script}`, () => {
    it('is one command: it builds, fills a catalogue in memory, and serves', async () => {
      const { status, body } = await first.ask('GET', '/movies?q=godfahter');
      expect([status, body.hits[0].title]).toEqual([200, 'The Godfather']);
      expect(first.complained).toBe('');
      await first.kill();
    });
  });

  const specify = (stack: Stack) => {
    let place: Awaited<ReturnType<typeof enter>>;
    let api: ServedExample;
    beforeAll(async () => {
      place = await enter(stack);
      api = copy.serve(script, place.environment);
      await api.address();
    }, 2 * MINUTES);
    afterAll(async () => {
      await api?.kill();
      await place?.leave();
    });

    const titles = async (parameters: string) =>
      (await api.ask('GET', `/movies?${parameters}`)).body.hits.map(({ title }: { title: string }) => title);
    const added = async (film: object) => (await api.ask('POST', '/movies', film, WAIT)).body.movie;
    /** Asks until a search shows the write. */
    const untilSearchable = async (token: string) => {
      for (;;) {
        const { status, body } = await api.ask('GET', `/syncs/${token}`);
        expect([200, 202]).toContain(status);
        expect(body.sync.status).toBe(status === 200 ? 'completed' : 'enqueued');
        if (status === 200) return;
      }
    };

    it('searches with filters, a sort, pages and facets', async () => {
      const { status, body } = await api.ask(
        'GET',
        '/movies?q=&genre=Western&genre=Musical&from=1970&to=2000&minRating=6&sort=rating:desc&page=2&size=5',
      );
      expect(status).toBe(200);
      expect(body.page).toMatchObject({ number: 2, size: 5 });
      expect(Object.keys(body.facets.genre).sort()).toEqual(['Musical', 'Western']);
      const ratings = body.hits.map(({ rating }: { rating: number }) => rating);
      expect(ratings).toHaveLength(5);
      expect(ratings).toEqual([...ratings].sort((left, right) => right - left));
      for (const { released, rating } of body.hits) {
        expect(released >= '1970-01-01' && released < '2000-01-01').toBe(true);
        expect(rating).toBeGreaterThanOrEqual(6);
      }
      expect(await titles('director=Stanley%20Kubrick&sort=released')).toContain('Barry Lyndon');
    });

    it('a write is 202 with a token, and the token says when a search shows it', async () => {
      const written = await api.ask('POST', '/movies', {
        title: 'Quokka Sunrise',
        genre: 'Drama',
        released: '2009-05-01',
      });
      expect([written.status, written.body.sync.status]).toEqual([202, 'enqueued']);
      const { token } = written.body.sync;
      expect(written.headers.get('location')).toBe(`/syncs/${token}`);
      await untilSearchable(token);
      expect(await titles('q=quokka')).toEqual(['Quokka Sunrise']);
      const { body } = await api.ask('GET', `/movies/${written.body.movie.id}`);
      expect(body.movie).toMatchObject({ title: 'Quokka Sunrise', director: null });
    });

    it('a write whose client prefers to wait is 200, and a search shows it then', async () => {
      const { id } = await added({ title: 'Wombat Noon' });
      expect(await titles('q=wombat')).toEqual(['Wombat Noon']);
      const changed = await api.ask('PATCH', `/movies/${id}`, { title: 'Echidna Noon' }, WAIT);
      expect([changed.status, changed.body.sync.status]).toEqual([200, 'completed']);
      expect(await titles('q=echidna')).toEqual(['Echidna Noon']);
      expect(await titles('q=wombat')).toEqual([]);
    });

    it('a write that changes no document is 200, and claims nothing', async () => {
      const { id } = await added({ title: 'Numbat Dusk' });
      const same = await api.ask('PATCH', `/movies/${id}`, { title: 'Numbat Dusk' });
      expect([same.status, same.body.sync]).toEqual([200, { token: null, status: 'noop' }]);
    });

    it('the films of a director who is renamed follow', async () => {
      const [film] = (await api.ask('GET', '/movies?q=barry%20lyndon')).body.hits;
      const { director } = (await api.ask('GET', `/movies/${film.id}`)).body.movie;
      const films = (await api.ask('GET', '/movies?director=Stanley%20Kubrick')).body.page.totalHits;
      const renamed = await api.ask('PATCH', `/directors/${director.id}`, { name: 'Stan K. Wallaby' });
      expect(renamed.status).toBe(202);
      await untilSearchable(renamed.body.sync.token);
      const after = await api.ask('GET', '/movies?director=Stan%20K.%20Wallaby');
      expect([films > 5, after.body.page.totalHits]).toEqual([true, films]);
      expect((await api.ask('GET', '/movies?director=Stanley%20Kubrick')).body.page.totalHits).toBe(0);
      await api.ask('PATCH', `/directors/${director.id}`, { name: 'Stanley Kubrick' }, WAIT);
    });

    it('a film that is moved to another director is found under that name', async () => {
      const [film] = (await api.ask('GET', '/movies?director=Ridley%20Scott')).body.hits;
      const { director } = (await api.ask('GET', `/movies/${film.id}`)).body.movie;
      const { id } = await added({ title: 'Potoroo Trail', directorId: director.id });
      expect(await titles('q=potoroo&director=Ridley%20Scott')).toEqual(['Potoroo Trail']);
      await api.ask('PATCH', `/movies/${id}`, { directorId: null }, WAIT);
      expect(await titles('q=potoroo&director=Ridley%20Scott')).toEqual([]);
      expect(await titles('q=potoroo')).toEqual(['Potoroo Trail']);
    });

    it('a film that is taken down is not found any more when the answer says so, without being asked to wait', async () => {
      const { id } = await added({ title: 'Thylacine Night' });
      const removed = await api.ask('DELETE', `/movies/${id}`);
      expect([removed.status, removed.body.sync.status]).toEqual([200, 'completed']);
      expect(await titles('q=thylacine')).toEqual([]);
      expect((await api.ask('GET', `/movies/${id}`)).status).toBe(404);
    });

    it.each([
      ['GET', '/movies?sort=votez', undefined, 400],
      ['GET', '/movies?page=many', undefined, 400],
      ['GET', '/movies?minRating=good', undefined, 400],
      ['GET', '/movies?minRating=', undefined, 400],
      ['GET', '/movies?gener=Drama', undefined, 400],
      ['GET', '/movies?q=one&q=two', undefined, 400],
      ['GET', '/movies?from=yesterday', undefined, 400],
      ['GET', '/movies?to=1960-02-31', undefined, 400],
      ['GET', '/movies/none', undefined, 404],
      ['GET', '/movies/99999999999', undefined, 404],
      ['GET', '/movies/0x1', undefined, 404],
      ['PATCH', '/movies/999999', { title: 'Nobody' }, 404],
      ['PATCH', '/directors/999999', { name: 'Nobody' }, 404],
      ['DELETE', '/movies/999999', undefined, 404],
      ['POST', '/movies', {}, 400],
      ['POST', '/movies', { title: 'Ok', stars: 5 }, 400],
      ['POST', '/movies', { title: '' }, 400],
      ['POST', '/movies', { title: 'No\0thing' }, 400],
      ['POST', '/movies', '{ "title": "Ok", "__proto__": 1 }', 400],
      ['POST', '/movies', '{ "title": "Ok", "toString": 1 }', 400],
      ['POST', '/movies', { title: 'Ok', released: '2009-02-31' }, 400],
      ['POST', '/movies', { title: 'Ok', released: '0000-01-01' }, 400],
      ['POST', '/movies', { title: 'Ok', released: ['2009-01-01'] }, 400],
      ['POST', '/movies', { title: 'Ok', rating: 11 }, 400],
      ['POST', '/movies', { title: 'Ok', directorId: 999_999 }, 400],
      ['PATCH', '/movies/1', { directorId: 999_999 }, 400],
      ['POST', '/movies', '{', 400],
      ['GET', '/syncs/nonsense', undefined, 400],
      ['GET', '/nothing', undefined, 404],
    ])('%s %s with %j is %i', async (method, path, body, status) => {
      expect((await api.ask(method, path, body)).status).toBe(status);
    });

    it('says that it is healthy', async () => {
      expect((await api.ask('GET', '/health')).status).toBe(200);
    });

    it('SIGTERM: it exits 0, and has written no complaint', async () => {
      expect(await api.terminate()).toEqual([0, null]);
      expect(api.complained).toBe('');
    });

    it(
      'started again it has the films that it kept, found by a search',
      async () => {
        api = copy.serve(script, place.environment);
        expect(await titles('q=quokka')).toEqual(['Quokka Sunrise']);
      },
      MINUTES,
    );
  };
  for (const [database, engine] of STACKS) onStack(`the endpoints of ${script}`, database, engine, specify);
}

/** A database of its own, and what to tell the example of it; the index has one name, so the examples come one by one. */
async function enter({ database, engine }: Stack) {
  const server = reachable().engines.meilisearch;
  const folder = mkdtempSync(join(tmpdir(), 'scrypath-api-'));
  const { dataSource, drop } = await openDatabase(database, []);
  const { url = join(folder, 'movies.db') } = dataSource.options as { url?: string };
  const environment: Record<string, string> = {
    DATABASE_URL: url,
    ...(engine === 'meilisearch' &&
      server.there &&
      server.at && { SCRYPATH_MEILISEARCH_URL: server.at.url, SCRYPATH_MEILISEARCH_KEY: server.at.apiKey }),
  };
  const leave = async () => {
    await drop();
    rmSync(folder, { recursive: true, force: true });
    if (engine === 'embedded') return;
    const backend = openEngine(engine);
    await backend.outcomes([await backend.indexes.drop(INDEX)], { waitMs: 30_000 });
    await backend.close?.();
  };
  return { environment, leave };
}
