import type { DocumentReader } from '../../src/backend/backend';
import type { JsonObject } from '../../src/document/json';
import { verifyIndex } from '../../src/verify/verify-index';
import type { Difference } from '../../src/verify/verify-report';
import { aDirector, aMovie, Director, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryStack } from '../stacks/stack';
import { keysOf, removeDocuments, type SiteGiven, siteOf, storedData, writeDocuments } from './opened';

const OUTBOX = { lockMs: 2_000, requestMs: 1_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };
const ROUNDS = 4;
const WRITES = 60;

onEveryStack('an index is verified while there are writes', ({ use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, outbox: OUTBOX, capture: 'orm' });
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);
  const verified = (given: SiteGiven = {}) => verifyIndex(siteOf(stack, Movie, { outbox: true, ...given }));
  const drained = async (write: () => Promise<unknown>) => {
    const { token } = await stack.scrypath.track(write);
    await stack.scrypath.waitForCompletion(token!, { timeoutMs: 20_000 });
  };
  const save = async (count: number, given: Partial<Movie> = {}): Promise<Movie[]> => {
    const saved: Movie[] = [];
    await drained(async () => {
      saved.push(...(await repository().save(Array.from({ length: count }, () => aMovie(given)))));
    });
    return saved;
  };
  const alter = async (movie: Movie): Promise<string> => {
    const key = movies().keyOf(movie);
    const data = await storedData(stack, movies(), key);
    (data.director as { name: string }).name += '!';
    await writeDocuments(stack.backend, movies().indexName, { [key]: data as JsonObject });
    return key;
  };
  /** The engine as verification sees it, with something done after every `fetch`, or what stands for one. */
  const hooked = (after: (call: number) => Promise<void>): SiteGiven => {
    const { documents } = stack.backend;
    let calls = 0;
    const followed = async <T>(found: Promise<T>): Promise<T> => {
      await found;
      calls += 1;
      await after(calls);
      return found;
    };
    const fetch: typeof documents.fetch = (...given) => followed(documents.fetch(...given));
    const texts: Pick<DocumentReader, 'texts'> = documents.texts
      ? { texts: (...given) => followed(documents.texts!(...given)) }
      : {};
    return { backend: { documents: { ...documents, fetch, ...texts } } };
  };

  afterEach(async () => {
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    const ids = (await repository().find({ withDeleted: true })).map(({ id }) => id);
    if (ids.length > 0) await drained(() => repository().delete(ids));
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
  });

  it('what a row of the outbox will bring is pending, and no drift', async () => {
    const [changed, gone, kept] = await save(3);
    await repository().update(changed!.id, { title: 'Renamed' });
    await repository().delete(gone!.id);
    const added = await repository().save(aMovie());
    const pending = [changed!.id, kept!.id - 1, added.id].map(String).sort();
    const report = await verified();
    expect(report).toMatchObject({ clean: true, counts: { missing: 0, extra: 0, stale: 0, pending: 3 } });
    expect(keysOf(report)).toEqual({ pending });
    await drained(() => movies().syncKeys(pending.map(Number)));
    expect(await verified()).toMatchObject({ clean: true, counts: { pending: 0 } });
  });

  it('what the outbox has given up is drift', async () => {
    const [changed] = await save(2);
    await repository().update(changed!.id, { title: 'Renamed' });
    await stack.dataSource.query(`UPDATE scrypath_outbox SET state = 'discarded'`);
    expect(keysOf(await verified())).toEqual({ stale: [movies().keyOf(changed!)] });
  });

  it('while a related record is dirty, a difference is pending; afterwards it counts', async () => {
    const director = aDirector();
    const [directed, other] = [...(await save(1, { director })), ...(await save(1))];
    const altered = await alter(other!);
    await stack.dataSource.getRepository(Director).update(director.id, { name: 'Renamed' });
    const keys = [movies().keyOf(directed!), altered].sort();
    expect(keysOf(await verified())).toEqual({ pending: keys });
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    expect(keysOf(await verified())).toEqual({ stale: keys });
  });

  it('a write between the two reads of a look is pending: its row is there afterwards', async () => {
    const [changed] = await save(2);
    const key = await alter(changed!);
    const site = hooked(async (call) => {
      // The first is that of the page.
      if (call === 2) await repository().update(changed!.id, { title: 'Renamed' });
    });
    expect(keysOf(await verified(site))).toEqual({ pending: [key] });
  });

  it('writes that come and are brought between the two reads of a look are no drift: the sides have changed', async () => {
    const [changed] = await save(2);
    await alter(changed!);
    const site = hooked(async (call) => {
      // The first is that of the page.
      if (call > 1 && call < 5) await drained(() => repository().update(changed!.id, { title: `Renamed ${call}` }));
    });
    const report = await verified({ ...site, timing: { patienceMs: 5_000 } });
    expect(report).toMatchObject({ clean: true, counts: { stale: 0, pending: 0 } });
  });

  it('without an outbox, a document that arrives between two looks is no drift', async () => {
    const [late, altered] = await save(3);
    const right = await storedData(stack, movies(), movies().keyOf(late!));
    const arriving = await alter(late!);
    const key = await alter(altered!);
    const site = hooked(async (call) => {
      // The first is that of the page, the second that of the first look.
      if (call === 2) await writeDocuments(stack.backend, movies().indexName, { [arriving]: right as JsonObject });
    });
    expect(keysOf(await verified({ ...site, outbox: false }))).toEqual({ stale: [key] });
  });

  it('an extra document that comes while another goes is found, although there are as many as before', async () => {
    const [gone] = await save(2);
    const ghost = '999999';
    const site = hooked(async (call) => {
      // The page was read.
      if (call !== 1) return;
      await removeDocuments(stack.backend, movies().indexName, [movies().keyOf(gone!)]);
      await writeDocuments(stack.backend, movies().indexName, { [ghost]: { title: 'Ghost' } });
    });
    expect(keysOf(await verified(site))).toEqual({ extra: [ghost] });
    await removeDocuments(stack.backend, movies().indexName, [ghost]);
  });

  it('the keys of the index are read where it was written to, or the engine cannot tell, and else not', async () => {
    const [first] = await save(2);
    const { documents } = stack.backend;
    let reads = 0;
    const keys: DocumentReader['keys'] = (...given) => {
      reads += 1;
      return documents.keys(...given);
    };
    const site: SiteGiven = { backend: { documents: { ...documents, keys } } };
    expect(await verified(site)).toMatchObject({ clean: true, documents: 2 });
    expect(reads).toBe(documents.extent === undefined ? 1 : 0);
    reads = 0;
    const right = await storedData(stack, movies(), movies().keyOf(first!));
    const again = async () =>
      writeDocuments(stack.backend, movies().indexName, { [movies().keyOf(first!)]: right as JsonObject });
    const written = hooked(again);
    await verified({ backend: { documents: { ...written.backend!.documents, keys } } });
    expect(reads).toBe(1);
  });

  it('no false alarm in any round while a worker brings what writers write, and what differs is found', async () => {
    const saved = await save(60);
    const resting = saved.splice(0, 20);
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    const writer = { stop: false, writes: 0 };
    const writing = write(saved, writer).finally(() => {
      writer.stop = true;
    });
    const timing = { patienceMs: 5_000 };
    const drift = async (): Promise<readonly Difference[]> => {
      const { differences } = await verifyIndex(siteOf(stack, Movie, { outbox: true, timing }), { pageSize: 10 });
      return differences!.filter(({ kind }) => kind !== 'pending');
    };
    try {
      for (let round = 0; round < ROUNDS || (writer.writes < WRITES && !writer.stop); round += 1)
        expect(await drift()).toEqual([]);
      const key = await alter(resting[7]!);
      expect(await drift()).toEqual([{ kind: 'stale', key }]);
    } finally {
      writer.stop = true;
      await writing;
      await worker.stop();
    }
  }, 90_000);

  /** Changes, adds, removes and renames, until it is told to stop. */
  async function write(saved: Movie[], writer: { stop: boolean; writes: number }): Promise<void> {
    for (; !writer.stop; writer.writes += 1) {
      const at = writer.writes;
      const movie = saved[(at * 7) % saved.length]!;
      if (at % 10 === 3) saved.push(await repository().save(aMovie()));
      else if (at % 10 === 6) await repository().delete(saved.shift()!.id);
      else if (at % 10 === 9)
        await stack.dataSource.getRepository(Director).update(movie.director.id, { name: `D ${at}` });
      else if (at % 10 === 1) await repository().softDelete(movie.id);
      else if (at % 10 === 2) await repository().restore(saved[((at - 1) * 7) % saved.length]!.id);
      else await repository().update(movie.id, { title: `Written ${at}`, year: at % 4 === 0 ? 1899 : 1999 });
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }
});
