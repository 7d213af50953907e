import { Filterable, LIFECYCLE, ScrypathError, Searchable } from 'scrypath';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryEngine, onEveryStack } from '../stacks/stack';

const RESULT_KEYS = ['count', 'index', 'keys', 'mode', 'status', 'task', 'tasks', 'token', 'work'];

onEveryStack('a sync verb', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  const movies = () => opened.for(Movie);
  const saved = (given: Partial<Movie> = {}) => opened.dataSource.getRepository(Movie).save(aMovie(given));
  const found = async (text: string) =>
    (await movies().search(text, { matching: 'all' })).hits.map(({ title }) => title);

  it('inline resolves when a search shows the record', async () => {
    const movie = await saved({ title: 'Copper kettle' });
    const result = await movies().syncRecord(movie);
    expect(result).toMatchObject({ mode: 'inline', status: 'completed', keys: [String(movie.id)], count: 1 });
    expect(result.task).toMatchObject({ id: expect.any(Number), index: movies().indexName });
    expect(Object.keys(result).sort()).toEqual(RESULT_KEYS);
    expect(await found('copper kettle')).toEqual(['Copper kettle']);
  });

  it('manual resolves when the engine accepted the task; a drain awaits it', async () => {
    const result = await movies().syncRecords([await saved({ title: 'Tin drum' })], { mode: 'manual' });
    expect(result).toMatchObject({ mode: 'manual', status: 'accepted', count: 1 });
    expect(Object.keys(result).sort()).toEqual(RESULT_KEYS);
    await opened.scrypath.drain();
    expect(await found('tin drum')).toEqual(['Tin drum']);
  });

  it('of nothing is a noop that asks neither engine nor database', async () => {
    opened.forgetSql();
    opened.faults.fail('upsert');
    opened.faults.fail('remove');
    for (const result of [
      await movies().syncRecords([]),
      await movies().syncKeys([], { mode: 'manual' }),
      await movies().deleteRecords([]),
      await movies().deleteDocuments([]),
    ]) {
      expect(result).toMatchObject({
        status: 'noop',
        keys: [],
        count: 0,
        task: null,
        tasks: [],
        work: null,
        token: null,
      });
      expect(Object.keys(result).sort()).toEqual(RESULT_KEYS);
    }
    expect(opened.sql).toEqual([]);
    await opened.faults.clear();
  });

  it('syncKeys reads the records again with their relations, in one query, and removes what is gone', async () => {
    const movie = await saved({ title: 'Silver lining' });
    const gone = await saved({ title: 'Silver gone' });
    await movies().syncRecords([movie, gone]);
    await opened.dataSource.getRepository(Movie).update(movie.id, { title: 'Silver changed' });
    await opened.dataSource.getRepository(Movie).delete(gone.id);
    opened.forgetSql();
    const result = await movies().syncKeys([movie.id, gone.id, { id: movie.id }]);
    expect(opened.sql).toHaveLength(1);
    expect(result).toMatchObject({ keys: [String(movie.id), String(gone.id)], count: 2, status: 'completed' });
    expect(result.tasks).toHaveLength(2);
    expect(await found('silver')).toEqual(['Silver changed']);
  });

  it('syncKeys removes a soft-deleted record, and keeps one whose director is', async () => {
    const [gone, kept] = [await saved({ title: 'Brass gone' }), await saved({ title: 'Brass kept' })];
    await movies().syncRecords([gone, kept]);
    await opened.dataSource.getRepository(Movie).softDelete(gone.id);
    await opened.dataSource.getRepository('Director').softDelete(kept.director.id);
    await movies().syncKeys([gone.id, kept.id]);
    expect(await found('brass')).toEqual(['Brass kept']);
  });

  it('removes a record that does not belong in the index', async () => {
    const movie = await saved({ title: 'Iron age', year: 1950 });
    await movies().syncRecord(movie);
    expect(await found('iron age')).toEqual(['Iron age']);
    await movies().syncRecord(Object.assign(movie, { year: 1850 }));
    expect(await found('iron age')).toEqual([]);
  });

  it('removes a record that is soft-deleted, given as an entity too', async () => {
    const movie = await saved({ title: 'Soft landing' });
    await movies().syncRecord(movie);
    await opened.dataSource.getRepository(Movie).softRemove(movie);
    await movies().syncRecord(movie);
    expect(await found('soft landing')).toEqual([]);
  });

  it('of one key given twice lets the later record count', async () => {
    const movie = await saved({ title: 'First name' });
    const result = await movies().syncRecords([movie, Object.assign(new Movie(), movie, { title: 'Second name' })]);
    expect(result.count).toBe(1);
    expect(await found('name')).toEqual(['Second name']);
  });

  it('deletes by entity, by primary key and by document key, and never reads the row', async () => {
    const [a, b, c, d] = await Promise.all(['Zinc a', 'Zinc b', 'Zinc c', 'Zinc d'].map((title) => saved({ title })));
    await movies().syncRecords([a!, b!, c!, d!]);
    opened.forgetSql();
    expect((await movies().deleteRecord(a!)).keys).toEqual([String(a!.id)]);
    await movies().deleteRecords([b!.id, { id: c!.id }]);
    expect(opened.sql).toEqual([]);
    expect(await found('zinc')).toEqual(['Zinc d']);
    await movies().deleteDocument(movies().keyOf(d!));
    expect(await found('zinc')).toEqual([]);
  });

  it('refuses an entity whose key remove() has stripped, and sends nothing', async () => {
    const movie = await saved();
    await opened.dataSource.getRepository(Movie).remove(movie);
    await expect(movies().deleteRecord(movie)).rejects.toMatchObject({ code: 'KEY_MISSING', entity: 'Movie' });
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it('in an open transaction is refused, with the manager and without, and nothing is sent', async () => {
    opened.faults.fail('upsert', { error: new Error('it was sent') });
    opened.faults.fail('remove', { error: new Error('it was sent') });
    const refused = expect.objectContaining({ code: 'SYNC_IN_TRANSACTION', entity: 'Movie' });
    await opened.dataSource.transaction(async (manager) => {
      const movie = await manager.save(aMovie());
      await expect(movies().syncRecord(movie, { manager })).rejects.toEqual(refused);
      await expect(movies().syncRecord(movie)).rejects.toEqual(refused);
      await expect(movies().deleteRecord(movie, { mode: 'manual' })).rejects.toEqual(refused);
      await manager.transaction(async () => {
        await expect(movies().syncKeys([movie.id])).rejects.toEqual(refused);
      });
      await expect(movies().syncKeys([movie.id])).rejects.toEqual(refused);
    });
    await opened.faults.clear();
    const movie = await saved({ title: 'After commit' });
    expect((await movies().syncRecord(movie)).status).toBe('completed');
    const runner = opened.dataSource.createQueryRunner();
    await runner.startTransaction();
    await expect(movies().syncRecord(movie)).rejects.toEqual(refused);
    await runner.rollbackTransaction();
    await runner.release();
    expect((await movies().syncRecord(movie, { manager: opened.dataSource.manager })).status).toBe('completed');
  });

  it('unknown options and modes are refused', async () => {
    const movie = await saved();
    await expect(movies().syncRecord(movie, { mod: 'inline' } as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(movies().syncRecord(movie, { mode: 'queued' } as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(movies().syncRecord(movie, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

onEveryEngine('an inline sync that does not succeed', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  const movies = () => opened.for(Movie);
  const movie = aMovie({ id: 1 });

  it('rejects with TASK_FAILED, carrying the task and the engine’s error as cause', async () => {
    opened.faults.failTask('upsert', { code: 'invalid_document_geo_field' });
    const error = await movies()
      .syncRecord(movie)
      .catch((reason: unknown) => reason as ScrypathError);
    expect(error).toMatchObject({
      code: 'TASK_FAILED',
      task: { index: movies().indexName },
      index: movies().indexName,
    });
    expect((error as ScrypathError).cause).toMatchObject({ code: 'invalid_document_geo_field' });
  });

  it('rejects with TASK_CANCELED or TASK_UNKNOWN, carrying the task', async () => {
    const task = { id: expect.any(Number), index: movies().indexName };
    opened.faults.cancelTask('upsert');
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'TASK_CANCELED', task });
    opened.faults.forgetTask('remove');
    await expect(movies().deleteRecord(movie)).rejects.toMatchObject({ code: 'TASK_UNKNOWN', task });
  });

  it('rejects with TASK_TIMEOUT after at least one look, carrying the task', async () => {
    opened.faults.stall('upsert');
    await expect(movies().syncRecord(movie, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'TASK_TIMEOUT',
      task: { id: expect.any(Number), index: movies().indexName },
    });
    await opened.faults.clear();
  });

  it('rejects with the backend’s code where the engine cannot be reached or does not answer', async () => {
    opened.faults.fail('upsert');
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    opened.faults.drop('remove');
    await expect(movies().deleteRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    opened.faults.timeOut('upsert');
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
  });

  it('fails a delete from an index that is missing', async () => {
    await expect(movies().deleteRecord(1, { index: 'not_there' })).rejects.toMatchObject({ code: 'TASK_FAILED' });
  });
});

onEveryStack('records with keys of every kind', (stack) => {
  @Entity()
  @Searchable()
  class Pair {
    @PrimaryColumn() left!: string;
    @PrimaryColumn('int') right!: number;
    @Searchable() @Column() name!: string;
  }
  const wrapped = {
    to: (value: { raw: string } | string) => (typeof value === 'string' ? value : value.raw),
    from: (raw: string) => ({ raw }),
  };
  @Entity()
  @Searchable()
  class Wrapped {
    @PrimaryColumn('varchar', { length: 40, transformer: wrapped }) id!: { raw: string };
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Big {
    @PrimaryColumn('bigint') id!: string;
    @Searchable() @Filterable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Uuid {
    @PrimaryGeneratedColumn('uuid') id!: string;
    @Searchable() @Column() name!: string;
  }
  const opened = stack.use([Pair, Wrapped, Big, Uuid]);
  // The SQLite driver reads integers as doubles; a key beyond 2^53 is refused there, as it would name another row.
  const big = stack.database === 'sqlite' ? '9007199254740' : '9007199254740995';

  it.each([
    ['composite', Pair, { left: 'a_-b/ü', right: 7, name: 'Key' }, { left: 'a_-b/ü', right: 7 }],
    ['transformed', Wrapped, { id: { raw: 'x y' }, name: 'Key' }, { id: { raw: 'x y' } }],
    ['bigint', Big, { id: big, name: 'Key' }, big],
  ])('%s: are synced, read again, hydrated and deleted', async (_kind, entity, record, primaryKey) => {
    const service = opened.scrypath.for<object>(entity as never);
    await opened.dataSource.getRepository(entity).insert(record as never);
    await service.syncKeys([primaryKey as never]);
    const { hits, records, missingIds } = await service.search('key', { hydrate: true });
    expect(hits).toHaveLength(1);
    expect(records).toHaveLength(1);
    expect(missingIds).toEqual([]);
    expect(service.keyOf(records[0]!)).toBe(service.keyOf(record));
    await service.deleteRecords([primaryKey as never]);
    expect((await service.search('key')).hits).toEqual([]);
  });

  if (stack.database === 'sqlite')
    it('bigint: one that the driver cannot read exactly is refused, not rounded', async () => {
      await opened.dataSource.query("INSERT INTO big (id, name) VALUES (9007199254740993, 'Exact')");
      await expect(opened.for(Big).syncKeys(['9007199254740993'])).rejects.toMatchObject({ code: 'KEY_INVALID' });
    });

  it('uuid: an upper-case key names the same record where the database folds it', async () => {
    const record = await opened.dataSource.getRepository(Uuid).save(Object.assign(new Uuid(), { name: 'Key' }));
    const service = opened.for(Uuid);
    await service.syncRecord(record);
    expect((await service.search('key')).hits).toMatchObject([{ id: record.id, _key: record.id }]);
    if (stack.database === 'postgres') {
      await service.deleteRecord(record.id.toUpperCase());
      expect((await service.search('key')).hits).toEqual([]);
    }
  });
});

it('the lifecycle is one frozen list', () => {
  expect(LIFECYCLE).toEqual([
    'requested',
    'enqueued',
    'processing',
    'backend_accepted',
    'completed',
    'retrying',
    'discarded',
  ]);
  expect(Object.isFrozen(LIFECYCLE)).toBe(true);
});
