import { LeasedShards } from '../../src/worker/leased-shards';
import { LockedShards } from '../../src/worker/locked-shards';
import type { HoldSource } from '../../src/worker/shard-hold';
import { timingOf } from '../../src/worker/timing';
import { readRegistrations, registerBackfill, replayTouched, writeSeen } from '../../src/worker/touched-keys';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase } from '../stacks/stack';

const OUTBOX = { lockMs: 2_000, requestMs: 1_000, marginMs: 100 };

onEveryDatabase('a backfill beside workers', ({ database, use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, outbox: OUTBOX });
  const movies = () => stack.for(Movie);
  const save = (title: string) => stack.dataSource.getRepository(Movie).save(aMovie({ title }));
  const rows = (): Promise<{ record_key: string; cause: string; state: string }[]> =>
    stack.dataSource.query('SELECT record_key, cause, state FROM scrypath_outbox ORDER BY record_key');
  const touched = async () =>
    (await stack.dataSource.query('SELECT record_key FROM scrypath_touched ORDER BY record_key')).map(
      ({ record_key }: { record_key: string }) => record_key,
    );
  let source: HoldSource;
  beforeEach(() => {
    const timing = timingOf(OUTBOX);
    source =
      database === 'sqlite'
        ? new LeasedShards(stack.dataSource, timing)
        : new LockedShards(stack.dataSource, 16, timing);
  });
  afterEach(async () => {
    await source.close();
    for (const table of ['outbox', 'touched', 'registration'])
      await stack.dataSource.query(`DELETE FROM scrypath_${table}`);
  });

  it('remembers each key that is sent from its registration on, before it is sent, and no other entity’s', async () => {
    const before = await save('before');
    await movies().syncRecord(before, { mode: 'inline' });
    const registration = await registerBackfill(source, 'Movie');
    await registerBackfill(source, 'Director');
    expect(await touched()).toEqual([]);

    const during = await save('during');
    stack.faults.fail('upsert');
    await expect(movies().syncRecord(during, { mode: 'inline' })).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
    });
    expect(await touched()).toEqual([String(during.id)]);
    await movies().syncRecord(during, { mode: 'inline' });
    expect(await touched()).toEqual([String(during.id)]);

    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    const { token, count } = await replayTouched(source, registration);
    expect(count).toBe(1);
    expect(await rows()).toEqual([{ record_key: String(during.id), cause: 'replay', state: 'enqueued' }]);
    expect(await touched()).toEqual([]);
    await stack.scrypath.waitForCompletion(token!);
    expect(await rows()).toEqual([]);
    expect(await touched()).toEqual([]);
  });

  it('goes on with the registration that a killed one has left', async () => {
    const first = await registerBackfill(source, 'Movie');
    await expect(registerBackfill(source, 'Movie')).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    await writeSeen(await source.aside('look'), first.id, false);
    const movie = await save('touched');
    await movies().syncRecord(movie, { mode: 'inline' });
    expect(await registerBackfill(source, 'Movie')).toEqual(first);
    expect((await replayTouched(source, first)).count).toBe(1);
  });

  it('replays nothing where nothing was sent', async () => {
    const registration = await registerBackfill(source, 'Movie');
    expect(await replayTouched(source, registration)).toEqual({ token: null, count: 0 });
    expect(await readRegistrations(await source.aside('look'))).toEqual([]);
  });

  it('an older page that arrives behind a newer write is mended by the replay', async () => {
    const movie = await save('old title');
    const registration = await registerBackfill(source, 'Movie');
    const page = movies().document(movie);
    await stack.dataSource.getRepository(Movie).update(movie.id, { title: 'new title' });
    await movies().syncRecord(movie, { mode: 'inline' });
    // The page was read before the write and is sent behind it.
    const late = await stack.backend.upsert(movies().indexName, [page]);
    await stack.backend.outcomes(late, { waitMs: 10_000 });
    expect((await movies().search('"old title"')).hits).toHaveLength(1);

    const { token } = await replayTouched(source, registration);
    await stack.scrypath.waitForCompletion(token!);
    expect((await movies().search('"old title"')).hits).toEqual([]);
    expect((await movies().search('"new title"')).hits).toHaveLength(1);
  });
});
