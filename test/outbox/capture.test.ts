import type { DataSource, EntitySubscriberInterface } from 'typeorm';
import { type WriteEvent, writtenKey } from '../../src/capture/written-key';
import { recordKeyOf } from '../../src/metadata/record-key';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import { outboxCapture } from '../../src/outbox/outbox-capture';
import type { Mark } from '../../src/outbox/outbox-row';
import { storedKeyOf } from '../../src/outbox/stored-key';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Note, Ticket } from './entities';

onEveryDatabase('capture into the outbox', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let stop: () => void;
  const sql: string[] = [];
  const committed: Mark[][] = [];
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, [Note, Ticket], sql));
    await attachOutbox(dataSource);
    await ensureOutbox(dataSource);
    const keysOf = (event: WriteEvent) => {
      if (event.metadata.name !== 'Note') return [];
      const key = writtenKey({ key: recordKeyOf(event.metadata) } as SearchMetadata, event);
      return key === null ? [] : [{ entity: 'Note', recordKey: storedKeyOf(key) }];
    };
    ({ stop } = outboxCapture(dataSource, { keysOf, committed: (marks) => void committed.push([...marks]) }));
  });
  afterAll(async () => {
    stop();
    await drop();
  });
  beforeEach(async () => {
    for (const table of ['scrypath_outbox', 'note']) await dataSource.query(`DELETE FROM ${table}`);
    sql.length = 0;
    committed.length = 0;
  });

  const marked = async (): Promise<string[]> =>
    (await dataSource.query('SELECT record_key FROM scrypath_outbox')).map(
      ({ record_key }: { record_key: string }) => record_key,
    );
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

  it('marks what save and remove wrote, right before their COMMIT', async () => {
    const note = await notes().save({ text: 'a' });
    expect(await marked()).toEqual(idsOf(note));
    const append = sql.findIndex((statement) => /^INSERT INTO \S*scrypath_outbox/.test(statement));
    expect(sql[append + 1]).toBe('COMMIT');
    expect(committed.map((marks) => marks.map(({ recordKey }) => recordKey))).toEqual([idsOf(note)]);
    const id = note.id;
    await notes().remove(note);
    expect(await marked()).toEqual([String(id), String(id)]);
  });

  it('writes nothing for an entity without an index', async () => {
    await dataSource.getRepository(Ticket).save({});
    expect(appends()).toEqual([]);
    expect(committed).toEqual([]);
  });

  it('marks all of one transaction by one statement', async () => {
    const all = await dataSource.transaction(async (manager) => {
      const many = await manager.save(Note, [{ text: 'a' }, { text: 'b' }]);
      const one = await manager.save(Note, { text: 'c' });
      await manager.save(Note, { id: one.id, text: 'd' });
      return [...many, one];
    });
    expect(appends()).toHaveLength(1);
    expect((await marked()).sort()).toEqual(idsOf(...all).sort());
  });

  it('marks 10,000 records of one transaction by ten statements', async () => {
    await notes().save(Array.from({ length: 10_000 }, (_, at) => ({ text: String(at) })));
    expect(appends()).toHaveLength(10);
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
    let inner!: Note;
    const outer = await dataSource.transaction(async (manager) => {
      const first = await manager.save(Note, { text: 'outer' });
      inner = await manager.transaction((nested) => nested.save(Note, { text: 'inner' }));
      expect(appends()).toEqual([]);
      return first;
    });
    expect(appends()).toHaveLength(1);
    expect((await marked()).sort()).toEqual(idsOf(outer, inner).sort());
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
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const note = await runner.manager.save(Note, { text: 'a' });
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
    expect(await notes().count()).toBe(database === 'postgres' ? 0 : 1);
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
      expect(
        committed
          .flat()
          .map(({ recordKey }) => recordKey)
          .sort(),
      ).toEqual(idsOf(note, late!).sort());
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
      expect((await marked()).sort()).toEqual(idsOf(...kept).sort());
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
