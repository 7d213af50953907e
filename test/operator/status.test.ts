import { Scrypath, Searchable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { ChildEntity, Column, DeleteDateColumn, Entity, PrimaryColumn, TableInheritance } from 'typeorm';
import { readStatus } from '../../src/operator/status';
import { Item } from '../backfill/entities';
import { insertAll, items } from '../backfill/filling';
import { aPrefix, placesOn, QUIET } from '../reindex/place';
import { onEveryDatabase, openDatabase } from '../stacks/stack';

const seen = <T>(value: T) => ({ observed: true, value });

onEveryDatabase('status', (stack) => {
  const open = placesOn(stack);

  it('tells documents, rows, backlog by state, its age, and the last success', async () => {
    const place = await open({ rows: 20 });
    const before = await place.items.status();
    expect(before).toMatchObject({
      entity: 'Item',
      documents: seen(expect.any(Number)),
      rows: seen(20),
      backlog: seen({ enqueued: 0, backend_accepted: 0, retrying: 0, discarded: 0 }),
      oldestWaitingMs: seen(null),
      lastSuccessAt: seen(null),
      engineQueue: seen(0),
      workers: seen([]),
      jobs: { observed: false, why: expect.stringContaining('queue') },
      rebuild: seen({ taskState: 'idle', cutover: 'not_started', target: null }),
    });
    await place.items.markDirty({ id: 1 });
    await place.items.markDirty({ id: 2 });
    await place.dataSource.query(
      `UPDATE scrypath_outbox SET created_at = created_at - 60000, state = 'retrying' WHERE record_key = '1'`,
    );
    const waiting = await place.items.status();
    expect(waiting.backlog).toEqual(seen({ enqueued: 1, backend_accepted: 0, retrying: 1, discarded: 0 }));
    const age = (waiting.oldestWaitingMs as { value: number }).value;
    expect(age).toBeGreaterThanOrEqual(60_000);
    expect(age).toBeLessThan(120_000);

    await place.dataSource.query(`UPDATE scrypath_outbox SET state = 'discarded'`);
    const discarded = await place.items.status();
    expect(discarded.backlog).toMatchObject(seen({ discarded: 2 }));
    expect(discarded.oldestWaitingMs).toEqual(seen(null));
    await place.dataSource.query('DELETE FROM scrypath_outbox');

    const started = Date.now();
    await place.written(() => place.repository.update({ id: 3 }, { name: 'Later' }));
    const { lastSuccessAt } = await place.items.status();
    // Databases on this machine have its clock.
    expect(Date.parse((lastSuccessAt as { value: string }).value)).toBeGreaterThan(started - 1_000);
    expect(JSON.parse(JSON.stringify(before))).toEqual(before);
    expect(Object.isFrozen(before)).toBe(true);
  });

  it('shows a worker while it is there, one that died as not alive, and none that was stopped', async () => {
    const place = await open({ rows: 1 });
    const worker = place.scrypath.worker();
    await worker.start();
    const { workers } = await place.scrypath.status();
    expect(workers).toMatchObject(seen([{ alive: true, owner: expect.stringContaining(`:${process.pid}`) }]));
    await place.dataSource.query('UPDATE scrypath_worker SET seen_at = seen_at - 60000');
    expect((await place.scrypath.status()).workers).toMatchObject(seen([{ alive: false }]));
    await worker.stop();
    expect((await place.scrypath.status()).workers).toEqual(seen([]));
  });

  it('shows a rebuild that waits for its cutover', async () => {
    const place = await open({ rows: 5 });
    const rebuild = await place.items.reindex({ cutover: false });
    expect((await place.items.status()).rebuild).toMatchObject(
      seen({
        id: rebuild.id,
        state: 'ready',
        taskState: 'completed',
        cutover: 'not_started',
        target: rebuild.audit.target,
      }),
    );
    await rebuild.cutover();
    expect((await place.items.status()).rebuild).toMatchObject(seen({ state: 'kept', cutover: 'completed' }));
    await rebuild.finish();
    expect((await place.items.status()).rebuild).toMatchObject(seen({ taskState: 'idle' }));
  });

  it('claims nothing of an engine that is away', async () => {
    const place = await open({ rows: 3 });
    const stats = jest.spyOn(place.backend.indexes, 'stats').mockRejectedValue(new Error('away'));
    const backlog = jest.spyOn(place.backend, 'backlog').mockRejectedValue(new Error('away'));
    const status = await place.items.status();
    for (const figure of [status.documents, status.indexing, status.engineQueue])
      expect(figure).toEqual({ observed: false, why: 'Error' });
    expect(status.rows).toEqual(seen(3));
    stats.mockRestore();
    backlog.mockRestore();
  });

  it.each([
    { count: true, statements: 3, questions: 2 },
    { count: false, statements: 2, questions: 1 },
  ])('asks $statements statements, and $questions things of the engine, where count is $count', async (asks) => {
    const { count } = asks;
    const place = await open({ rows: 3 });
    const { backend, dataSource } = place;
    const queryRunner = dataSource.createQueryRunner();
    const statements = jest.spyOn(queryRunner, 'query');
    const asked = (['stats', 'get', 'settings'] as const).map((name) => jest.spyOn(backend.indexes, name));
    const backlog = jest.spyOn(backend, 'backlog' as never);
    const end = () => queryRunner.release();
    const connect = () => Promise.resolve({ queryRunner, end });
    const site = { backend, queue: null, hasOutbox: true, connect };
    const { entities } = await readStatus(site, [place.items.metadata], { count });
    expect(entities[0]!.rows.observed).toBe(count);
    expect(statements).toHaveBeenCalledTimes(asks.statements);
    expect([...asked, backlog].reduce((sum, spy) => sum + spy.mock.calls.length, 0)).toBe(asks.questions);
  });

  it('counts neither rows nor documents where that is not asked for, and tells all else', async () => {
    const place = await open({ rows: 3 });
    await place.items.markDirty({ id: 1 });
    const whole = await place.items.status();
    const { at, rows, documents, indexing, oldestWaitingMs, ...rest } = await place.items.status({ count: false });
    for (const figure of [rows, documents, indexing])
      expect(figure).toEqual({ observed: false, why: expect.stringContaining('not asked for') });
    expect(oldestWaitingMs).toEqual(seen(expect.any(Number)));
    expect(whole).toMatchObject(rest);
    expect(rest.backlog).toEqual(seen({ enqueued: 1, backend_accepted: 0, retrying: 0, discarded: 0 }));
  });
});

onEveryDatabase('status of an instance without an outbox', ({ database }) => {
  it('tells rows and documents, and says of the rest that nothing is written down', async () => {
    const { dataSource, drop } = await openDatabase(database, [Item]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), prefix: aPrefix(), logger: QUIET });
    await scrypath.start();
    await insertAll(dataSource, Item, items(4));
    await scrypath.for(Item).backfill();
    const status = await scrypath.for(Item).status();
    expect(status).toMatchObject({ rows: seen(4), engineQueue: seen(0) });
    for (const figure of [status.backlog, status.oldestWaitingMs, status.lastSuccessAt, status.workers, status.rebuild])
      expect(figure).toEqual({ observed: false, why: expect.stringContaining('outbox') });
    await dataSource.query('DROP TABLE item');
    expect((await scrypath.for(Item).status()).rows).toEqual({ observed: false, why: expect.any(String) });
    await scrypath.close();
    await drop();
  });

  it('counts the rows of each entity of one table, without those that are soft-deleted', async () => {
    @Entity()
    @TableInheritance({ column: { type: 'varchar', name: 'kind' } })
    class Work {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() title!: string;
      @DeleteDateColumn() deletedAt!: Date | null;
    }
    @ChildEntity()
    @Searchable({ index: 'books' })
    class Book extends Work {}
    @ChildEntity()
    @Searchable({ index: 'songs' })
    class Song extends Work {}
    const { dataSource, drop } = await openDatabase(database, [Work, Book, Song]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), prefix: aPrefix(), logger: QUIET });
    await scrypath.start();
    await dataSource.getRepository(Book).save([
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
      { id: 3, title: 'c' },
    ]);
    await dataSource.getRepository(Song).save([{ id: 4, title: 'd' }]);
    await dataSource.getRepository(Book).softDelete({ id: 3 });
    const { entities } = await scrypath.status();
    expect(Object.fromEntries(entities.map(({ entity, rows }) => [entity, rows]))).toEqual({
      Book: seen(2),
      Song: seen(1),
    });
    await scrypath.close();
    await drop();
  });
});
