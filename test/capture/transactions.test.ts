import { AsyncLocalStorage } from 'node:async_hooks';
import {
  DataSource,
  Entity,
  type EntityMetadata,
  type EntitySubscriberInterface,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { captureIntoOutbox } from '../../src/capture/outbox-capture';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';

import { tokenOf } from '../../src/outbox/mark-id';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { type Captured, openCaptured } from './captured';
import { Note } from './note';

/** No index depends on it. */
@Entity()
class Ticket {
  @PrimaryGeneratedColumn('uuid') id!: string;
}

onEveryDatabase('capture into the outbox', ({ database }) => {
  let captured: Captured;
  let dataSource: Captured['dataSource'];
  let committed: Captured['committed'];
  let sql: string[];
  let stop: () => void;
  beforeAll(async () => {
    captured = await openCaptured(database, [Note, Ticket]);
    ({ dataSource, committed, sql, stop } = captured);
  });
  afterAll(async () => {
    stop();
    await captured.drop();
  });
  beforeEach(async () => {
    await dataSource.query('DELETE FROM note');
    await captured.forget();
  });

  const marked = async (): Promise<string[]> =>
    (await dataSource.query('SELECT record_key FROM scrypath_outbox')).map(
      ({ record_key }: { record_key: string }) => record_key,
    );
  /** The keys that each commit told of, by its token. */
  const told = async (): Promise<string[][]> => {
    const rows: { id: string; record_key: string }[] = await dataSource.query(
      'SELECT id, record_key FROM scrypath_outbox',
    );
    return committed.map(({ token, count }) => {
      const keys = rows.filter(({ id }) => tokenOf(id) === token).map(({ record_key }) => record_key);
      expect(keys).toHaveLength(count);
      return keys;
    });
  };
  const notes = () => dataSource.getRepository(Note);
  const idsOf = (...of: readonly { id: number }[]) => of.map(({ id }) => String(id));
  const appends = () => sql.filter((statement) => /^INSERT INTO \S*scrypath_outbox/.test(statement));
  const subscribed = async (subscriber: EntitySubscriberInterface, run: () => Promise<unknown>) => {
    dataSource.subscribers.push(subscriber);
    try {
      await run();
    } finally {
      dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
    }
  };

  it('marks what save and remove wrote: an insert of PostgreSQL with its own statement, else right before the COMMIT', async () => {
    const note = await notes().save({ text: 'a' });
    expect(await marked()).toEqual(idsOf(note));
    expect(appends()).toHaveLength(database === 'postgres' ? 0 : 1);
    expect(await told()).toEqual([idsOf(note)]);
    await captured.forget();
    await notes().save({ id: note.id, text: 'b' });
    const append = sql.findIndex((statement) => /^INSERT INTO \S*scrypath_outbox/.test(statement));
    expect(sql[append + 1]).toBe('COMMIT');
    const id = note.id;
    await notes().remove(note);
    expect(await marked()).toEqual([String(id), String(id)]);
  });

  it('writes nothing for an entity without an index', async () => {
    await dataSource.getRepository(Ticket).save({});
    expect(appends()).toEqual([]);
    expect(committed).toEqual([]);
  });

  it('marks all changes of one transaction by one statement', async () => {
    const all = await notes().save([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
    await captured.forget();
    await dataSource.transaction(async (manager) => {
      await manager.save(Note, [
        { id: all[0]!.id, text: 'd' },
        { id: all[1]!.id, text: 'e' },
      ]);
      await manager.save(Note, { id: all[2]!.id, text: 'f' });
      await manager.save(Note, { id: all[2]!.id, text: 'g' });
    });
    expect(appends()).toHaveLength(1);
    expect((await marked()).sort()).toEqual(idsOf(...all).sort());
  });

  it('marks 10,000 records of one transaction by ten statements, or with their own', async () => {
    await notes().save(Array.from({ length: 10_000 }, (_, at) => ({ text: String(at) })));
    expect(appends()).toHaveLength(database === 'postgres' ? 0 : 10);
    expect(new Set(await marked()).size).toBe(10_000);
  });

  it('marks nothing of what was rolled back, and tells of nothing', async () => {
    const failing = dataSource.transaction(async (manager) => {
      await manager.save(Note, { text: 'a' });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await marked()).toEqual([]);
    expect(committed).toEqual([]);
    const next = await notes().save({ text: 'b' });
    expect(await marked()).toEqual(idsOf(next));
  });

  it('waits for the outermost commit, and forgets nothing of a savepoint', async () => {
    const [outer, inner] = await notes().save([{ text: 'outer' }, { text: 'inner' }]);
    await captured.forget();
    await dataSource.transaction(async (manager) => {
      await manager.save(Note, { id: outer!.id, text: 'changed' });
      await manager.transaction((nested) => nested.save(Note, { id: inner!.id, text: 'changed' }));
      expect(appends()).toEqual([]);
    });
    expect(appends()).toHaveLength(1);
    expect((await marked()).sort()).toEqual(idsOf(outer!, inner!).sort());
  });

  it('keeps what was written around a savepoint that is rolled back', async () => {
    const kept = await dataSource.transaction(async (manager) => {
      const before = await manager.save(Note, { text: 'before' });
      const inner = manager.transaction(async (nested) => {
        await nested.save(Note, { id: before.id, text: 'changed' });
        throw new Error('inner');
      });
      await expect(inner).rejects.toThrow('inner');
      const after = await manager.save(Note, { text: 'after' });
      return [before, after];
    });
    expect(await marked()).toEqual(expect.arrayContaining(idsOf(...kept)));
    expect((await notes().find({ order: { id: 'ASC' } })).map(({ text }) => text)).toEqual(['before', 'after']);
  });

  it('a mark that cannot be written makes save() fail, and nothing is persisted', async () => {
    await dataSource.query('ALTER TABLE scrypath_outbox RENAME TO outbox_away');
    try {
      await expect(notes().save({ text: 'lost' })).rejects.toThrow(/scrypath_outbox/);
      const explicit = dataSource.transaction((manager) => manager.save(Note, { text: 'lost too' }));
      await expect(explicit).rejects.toThrow(/scrypath_outbox/);
    } finally {
      await dataSource.query('ALTER TABLE outbox_away RENAME TO scrypath_outbox');
    }
    expect(await notes().count()).toBe(0);
    expect(committed).toEqual([]);
    const note = await notes().save({ text: 'again' });
    expect(await marked()).toEqual(idsOf(note));
  });

  it('a commit that failed for its mark and is tried again writes the mark', async () => {
    const note = await notes().save({ text: 'a' });
    await captured.forget();
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.save(Note, { id: note.id, text: 'b' });
    await dataSource.query('ALTER TABLE scrypath_outbox RENAME TO outbox_away');
    await expect(runner.commitTransaction()).rejects.toThrow(/scrypath_outbox/);
    await dataSource.query('ALTER TABLE outbox_away RENAME TO scrypath_outbox');
    if (database === 'postgres') {
      // A failed statement has ended the transaction: it can only be rolled back.
      await expect(runner.commitTransaction()).rejects.toThrow(/aborted/);
      await runner.rollbackTransaction();
    } else await runner.commitTransaction();
    await runner.release();
    expect(await marked()).toEqual(idsOf(note).slice(database === 'postgres' ? 1 : 0));
    expect(await notes().findOneBy({ id: note.id })).toMatchObject({ text: database === 'postgres' ? 'a' : 'b' });
  });

  it('marks at once what is written without a transaction', async () => {
    const saved = await notes().save({ text: 'a' }, { transaction: false });
    expect(await marked()).toEqual(idsOf(saved));
    const { identifiers } = await notes().insert({ text: 'b' });
    expect((await marked()).sort()).toEqual(idsOf(saved, identifiers[0] as Note).sort());
    expect(committed).toHaveLength(2);
  });

  it.each([
    ['subscribed later', 'push'],
    ['subscribed earlier', 'unshift'],
  ] as const)('marks what another subscriber, %s, writes before the commit', async (_, add) => {
    let late: Note | undefined;
    const subscriber: EntitySubscriberInterface = {
      beforeTransactionCommit: async ({ manager, queryRunner }) => {
        if (late !== undefined) return;
        late = { id: 0, text: '' };
        await queryRunner.query('SELECT 1');
        late = await manager.save(Note, { text: 'late' });
      },
    };
    dataSource.subscribers[add](subscriber);
    try {
      const note = await notes().save({ text: 'first' });
      expect((await marked()).sort()).toEqual(idsOf(note, late!).sort());
      expect((await told()).flat().sort()).toEqual(idsOf(note, late!).sort());
    } finally {
      dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
    }
  });

  it('marks a transaction that only another subscriber made dirty, before the commit', async () => {
    let late: Note | undefined;
    const writes: EntitySubscriberInterface = {
      beforeTransactionCommit: async ({ manager, queryRunner }) => {
        if (late !== undefined) return;
        late = { id: 0, text: '' };
        await queryRunner.query('SELECT 1');
        late = await manager.save(Note, { text: 'late' });
      },
    };
    await subscribed(writes, () => dataSource.transaction((manager) => manager.save(Ticket, {})));
    expect(await marked()).toEqual(idsOf(late!));
  });

  if (database !== 'sqlite')
    it('keeps concurrent transactions apart', async () => {
      const write = (text: string, fails: boolean) =>
        dataSource.transaction(async (manager) => {
          const note = await manager.save(Note, { text });
          await manager.query('SELECT 1');
          await manager.save(Note, { id: note.id, text: `${text} again` });
          if (fails) throw new Error('rolled back');
          return note;
        });
      const all = await Promise.allSettled(Array.from({ length: 8 }, (_, at) => write(String(at), at % 2 === 1)));
      const kept = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(kept).toHaveLength(4);
      // A key may be marked twice: with its insert, and for its change.
      expect([...new Set(await marked())].sort()).toEqual(idsOf(...kept).sort());
    });

  it('gives all marks of a transaction one token, buffered or written by SQL', async () => {
    await notes().save([{ text: 'a' }, { text: 'b' }]);
    await captured.forget();
    await dataSource.transaction(async (manager) => {
      await manager.save(Note, { text: 'c' });
      await manager.update(Note, { text: 'a' }, { text: 'aa' });
      await manager.delete(Note, { text: 'b' });
      await manager.insert(Note, { text: 'd' });
    });
    expect(committed).toHaveLength(1);
    expect((await told())[0]).toHaveLength(4);
    expect(await marked()).toHaveLength(4);
  });

  it.each([
    ['insert', () => notes().insert({ text: 'lost' })],
    ['update', () => notes().update({ text: 'kept' }, { text: 'lost' })],
    ['delete', () => notes().delete({ text: 'kept' })],
    ['upsert', () => notes().upsert({ id: 7, text: 'lost' }, ['id'])],
    ['save without a transaction', () => notes().save({ text: 'lost' }, { transaction: false })],
    ['a builder', () => notes().createQueryBuilder().update().set({ text: 'lost' }).execute()],
    ['a builder with useTransaction', () => notes().createQueryBuilder().delete().useTransaction(true).execute()],
  ])('%s without a transaction is undone when its mark cannot be written', async (_, write) => {
    await notes().save({ text: 'kept' });
    await captured.forget();
    await dataSource.query('ALTER TABLE scrypath_outbox RENAME TO outbox_away');
    try {
      await expect(write()).rejects.toThrow(/scrypath_outbox/);
    } finally {
      await dataSource.query('ALTER TABLE outbox_away RENAME TO scrypath_outbox');
    }
    expect((await notes().find()).map(({ text }) => text)).toEqual(['kept']);
    expect(committed).toEqual([]);
    await notes().update({ text: 'kept' }, { text: 'changed' });
    expect(await marked()).toHaveLength(1);
  });

  it('a bulk statement of a savepoint that is rolled back leaves no mark of its own', async () => {
    await notes().save({ text: 'a' });
    await captured.forget();
    await dataSource.transaction(async (manager) => {
      const inner = manager.transaction(async (nested) => {
        await nested.update(Note, { text: 'a' }, { text: 'b' });
        throw new Error('inner');
      });
      await expect(inner).rejects.toThrow('inner');
    });
    expect(await notes().findOneByOrFail({})).toMatchObject({ text: 'a' });
    // What waits for the append outlives the savepoint, and does no harm; what SQL has written does not.
    expect((await marked()).length).toBe(database === 'postgres' ? 0 : 1);
  });

  it('keeps statements apart that are sent at once without a transaction', async () => {
    const saved = await notes().save([{ text: 'a' }, { text: 'b' }, { text: 'c' }, { text: 'd' }]);
    await captured.forget();
    const writes = [
      ...saved.map(({ id }) => notes().update({ id }, { text: `${id}` })),
      notes().insert({ text: 'e' }),
      notes().update({ text: 'none' }, { text: 'no one' }),
    ];
    // One of them fails, and undoes none of the others.
    const failing = notes().update({ id: saved[0]!.id }, { text: null as unknown as string });
    const outcomes = await Promise.allSettled([...writes, failing]);
    expect(outcomes.map(({ status }) => status)).toEqual([...writes.map(() => 'fulfilled'), 'rejected']);
    const texts = (await notes().find()).map(({ text }) => text);
    expect(texts.sort()).toEqual([...saved.map(({ id }) => String(id)), 'e']);
    expect((await marked()).sort()).toEqual(idsOf(...(await notes().find())).sort());
  });

  it('tells of a commit in the async context that committed, before the caller goes on', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const push = committed.push.bind(committed);
    committed.push = (...marks) => {
      seen.push(context.getStore());
      return push(...marks);
    };
    try {
      await context.run('saved', () => notes().save({ text: 'a' }));
      expect(seen).toEqual(['saved']);
      await context.run('inserted', () => notes().insert({ text: 'b' }));
      await context.run('transaction', () => dataSource.transaction((manager) => manager.insert(Note, { text: 'c' })));
      expect(seen).toEqual(['saved', 'inserted', 'transaction']);
    } finally {
      committed.push = push;
    }
  });

  it('never fails a write whose commit cannot be told of', async () => {
    const push = committed.push.bind(committed);
    committed.push = () => {
      throw new Error('deaf');
    };
    try {
      await notes().save({ text: 'a' });
      await notes().insert({ text: 'b' });
    } finally {
      committed.push = push;
    }
    expect(await marked()).toHaveLength(2);
    expect(captured.warned).toEqual(['A commit was not told of.', 'A commit was not told of.']);
  });

  it('marks the write of a subscriber, made in its own turn after a bulk statement', async () => {
    const saved = await notes().save({ text: 'a' });
    await captured.forget();
    let wrote = false;
    const writes: EntitySubscriberInterface = {
      afterUpdate: async ({ manager }) => {
        if (wrote) return;
        wrote = true;
        await manager.save(Note, { text: 'from the hook' });
      },
    };
    await subscribed(writes, () => notes().update(saved.id, { text: 'b' }));
    const hooked = await notes().findOneByOrFail({ text: 'from the hook' });
    expect((await marked()).sort()).toEqual(idsOf(saved, hooked).sort());
  });

  it('may be started before initialize(), and twice', async () => {
    const fresh = new DataSource(dataSourceOptions(undefined, { entities: [Note], synchronize: true }));
    await attachOutbox(fresh);
    const rulesOf = (table: EntityMetadata) =>
      fanOutOf(fresh, new MetadataRegistry(fresh, [], { prefix: null }).all()).rulesOf(table);
    const first = captureIntoOutbox(fresh, { fanOut: { rulesOf }, logger: console });
    const second = captureIntoOutbox(fresh, { fanOut: { rulesOf }, logger: console });
    await fresh.initialize();
    await ensureOutbox(fresh);
    try {
      await fresh.getRepository(Note).insert({ text: 'a' });
      await fresh.getRepository(Note).update({ text: 'a' }, { text: 'b' });
      expect(await fresh.query('SELECT record_key FROM scrypath_outbox')).toHaveLength(2);
      first.stop();
      await fresh.getRepository(Note).save({ text: 'c' });
      expect(await fresh.query('SELECT record_key FROM scrypath_outbox')).toHaveLength(3);
      second.stop();
      await fresh.getRepository(Note).insert({ text: 'd' });
      expect(await fresh.query('SELECT record_key FROM scrypath_outbox')).toHaveLength(3);
    } finally {
      await fresh.destroy();
    }
  });

  it('leaves another DataSource alone', async () => {
    const other = await openDatabase(database, [Note]);
    try {
      await other.dataSource.getRepository(Note).save({ text: 'a' });
      await other.dataSource.getRepository(Note).update({ text: 'a' }, { text: 'b' });
      await other.dataSource.query("UPDATE note SET text = 'c'");
    } finally {
      await other.drop();
    }
    expect(await marked()).toEqual([]);
    expect(captured.unresolved).toEqual([]);
  });

  it('still captures after destroy() and initialize(), once; and no more when stopped', async () => {
    if (database !== 'sqlite') {
      await dataSource.destroy();
      await dataSource.initialize();
      const note = await notes().save({ text: 'a' });
      expect(await marked()).toEqual(idsOf(note));
      await dataSource.query('DELETE FROM scrypath_outbox');
    }
    stop();
    await notes().save({ text: 'b' });
    expect(await marked()).toEqual([]);
  });
});
