import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { decodeKey, encodeKey } from '../../src/document/key-encoding';
import { recordKeyOf } from '../../src/metadata/record-key';
import { append } from '../../src/outbox/append';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import type { DirtyKey } from '../../src/outbox/outbox-row';
import { documentKeyOf, storedKeyOf } from '../../src/outbox/stored-key';
import { storedKeySql } from '../../src/outbox/stored-key-sql';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Counter, Note, Page, Ticket } from './entities';

const ENTITIES = [Note, Page, Ticket, Counter];
const keys = (count: number, entity = 'Note'): DirtyKey[] =>
  Array.from({ length: count }, (_, at) => ({ entity, recordKey: String(at + 1) }));

onEveryDatabase('append', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  const sql: string[] = [];
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, ENTITIES, sql));
    await attachOutbox(dataSource, { shards: 16 });
    await ensureOutbox(dataSource, { shards: 16 });
  });
  afterAll(() => drop());
  beforeEach(async () => {
    for (const table of ['scrypath_outbox', 'note', 'page', 'ticket', 'counter'])
      await dataSource.query(`DELETE FROM ${table}`);
    sql.length = 0;
  });
  const rows = (): Promise<{ id: string; entity: string; record_key: string; cause: string; shard: number }[]> =>
    dataSource.query('SELECT * FROM scrypath_outbox ORDER BY entity, record_key');

  it('is committed with the transaction, and rolled back with it', async () => {
    await dataSource.transaction((manager) => append(manager, [{ entity: 'Note', recordKey: 'kept' }], 'verb'));
    const failing = dataSource.transaction(async (manager) => {
      await append(manager, [{ entity: 'Note', recordKey: 'lost' }], 'verb');
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await rows()).toMatchObject([{ entity: 'Note', record_key: 'kept', cause: 'verb' }]);
  });

  it('works where no transaction is open, and returns the ids of its rows', async () => {
    const marks = await append(dataSource.manager, keys(2), 'repair');
    expect((await rows()).map(({ id, record_key: recordKey }) => ({ id, recordKey }))).toEqual(
      marks.map(({ id, recordKey }) => ({ id, recordKey })),
    );
    expect(sql.filter((statement) => /^INSERT/.test(statement))).toHaveLength(1);
  });

  it('marks a key of one call once, and a key that is in the table again', async () => {
    await append(dataSource.manager, [...keys(1), ...keys(1)], 'write');
    await append(dataSource.manager, keys(1), 'write');
    expect(await rows()).toHaveLength(2);
  });

  it('writes nothing for no keys', async () => {
    await append(dataSource.manager, [], 'write');
    expect(sql).toEqual([]);
  });

  it('writes 10,000 keys in ten statements', async () => {
    await dataSource.transaction((manager) => append(manager, keys(10_000), 'write'));
    expect(sql.filter((statement) => /^INSERT/.test(statement))).toHaveLength(10);
    const [{ n }] = await dataSource.query('SELECT COUNT(*) AS n FROM scrypath_outbox');
    expect(Number(n)).toBe(10_000);
  });

  it('keeps keys apart that differ in case, accents or blanks at the end', async () => {
    const alike = ['ABC', 'abc', 'abc ', 'ábc', 'абв', '', ' ', '😀'].map((recordKey) => ({
      entity: 'Note',
      recordKey,
    }));
    await append(dataSource.manager, alike, 'write');
    const found = await dataSource.query('SELECT record_key, COUNT(*) AS n FROM scrypath_outbox GROUP BY record_key');
    expect(found).toHaveLength(alike.length);
    const [{ n }] = await dataSource.query(`SELECT COUNT(*) AS n FROM scrypath_outbox WHERE record_key = 'abc'`);
    expect(Number(n)).toBe(1);
  });

  it('takes the longest key that an index takes, and refuses a longer one', async () => {
    const single = storedKeyOf('x'.repeat(511));
    const composite = storedKeyOf(Array.from({ length: 16 }, () => 'y'.repeat(30)).join('_-'));
    const wide = 'é'.repeat(85);
    await append(
      dataSource.manager,
      [single, composite, wide].map((recordKey) => ({ entity: 'é'.repeat(190), recordKey })),
      'write',
    );
    expect((await rows()).map(({ record_key }) => record_key).sort()).toEqual([single, composite, wide].sort());
    const tooLong = append(dataSource.manager, [{ entity: 'Note', recordKey: 'x'.repeat(579) }], 'write');
    await expect(tooLong).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  const SAMPLES: Record<string, (at: number) => string> = {
    numbers: (at) => String(at + 1),
    'large numbers': (at) => String(9_000_000_000_000n + 7n * BigInt(at)),
    uuids: () => crypto.randomUUID(),
    'composites of one tenant': (at) => storedKeyOf(encodeKey(['tenant-a', String(at), 'eu-west-1'])),
    'composites that end alike': (at) => storedKeyOf(encodeKey([String(at), 'the same long end of the key'])),
    'words with a common start': (at) => `product-number-${at.toString(36)}`,
  };
  it.each(Object.keys(SAMPLES))('spreads %s over all shards', async (name) => {
    const sample = Array.from({ length: 4000 }, (_, at) => ({ entity: 'Note', recordKey: SAMPLES[name]!(at) }));
    await append(dataSource.manager, sample, 'write');
    const found = await dataSource.query(
      'SELECT shard, COUNT(*) AS n FROM scrypath_outbox GROUP BY shard ORDER BY shard',
    );
    expect(found.map(({ shard }: { shard: number }) => shard)).toEqual(Array.from({ length: 16 }, (_, at) => at));
    const counts = found.map(({ n }: { n: unknown }) => Number(n));
    // 250 each; no shard has less than half or more than double of that.
    expect(Math.min(...counts)).toBeGreaterThan(125);
    expect(Math.max(...counts)).toBeLessThan(500);
  });

  it('computes the same shards for ever', async () => {
    const recorded = JSON.parse(readFileSync(`${__dirname}/recorded-shards.json`, 'utf8')) as Record<
      string,
      Record<string, number>
    >;
    const texts = ['1', '2', '42', '', 'abc', 'ABC', 'é😀', '["a","1"]', '0b5d3a8e-4f7c-4c62-9d1a-2f6f6f0a7b11'];
    await append(
      dataSource.manager,
      texts.map((recordKey) => ({ entity: 'Note', recordKey })),
      'write',
    );
    expect(Object.fromEntries((await rows()).map((row) => [row.record_key, row.shard]))).toEqual(recorded[database]);
  });

  it('puts a key into the same shard and text, whoever writes it', async () => {
    const weird = [
      'plain',
      'q"uote',
      'back\\slash',
      '\\"',
      '["a","b"]',
      'tab\there',
      '\u0001\u001f\u007f',
      ' ünï 😀',
      "%_'",
    ];
    await dataSource.getRepository(Note).save([{ text: 'a' }, { text: 'b' }]);
    await dataSource.getRepository(Ticket).save([{}, {}]);
    await dataSource
      .getRepository(Counter)
      .save([{ id: '9223372036854775807' }, { id: '-5' }].slice(database === 'sqlite' ? 1 : 0));
    await dataSource.getRepository(Page).save(weird.map((book, at) => ({ book, number: String(at) })));
    for (const target of ENTITIES) {
      const metadata = dataSource.getMetadata(target);
      const key = recordKeyOf(metadata);
      await dataSource.query('DELETE FROM scrypath_outbox');
      const records = await dataSource.getRepository<object>(target).find();
      expect(records.length).toBeGreaterThan(0);
      await append(
        dataSource.manager,
        records.map((record) => ({ entity: metadata.name, recordKey: storedKeyOf(key.of(record)) })),
        'write',
      );
      await dataSource.query(
        `INSERT INTO scrypath_outbox (entity, record_key, cause) SELECT '${metadata.name}', ${storedKeySql(metadata, 't')}, 'repair' FROM ${dataSource.driver.escape(metadata.tableName)} t`,
      );
      const found = await rows();
      const byCause = (cause: string) =>
        found.filter((row) => row.cause === cause).map(({ record_key, shard }) => ({ record_key, shard }));
      expect(byCause('repair')).toEqual(byCause('write'));
      expect(byCause('write')).toHaveLength(records.length);
      const back = found.map(({ record_key }) => documentKeyOf(record_key, metadata.primaryColumns.length));
      expect([...new Set(back)].sort()).toEqual(records.map((record) => key.of(record)).sort());
    }
  });
});

describe('the stored form of a key', () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('', '"', '\\', '","', '[""]', '\u0000', '1'),
  );

  it('gives every document key back, of one field and of several', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const key = encodeKey(parts);
        expect(documentKeyOf(storedKeyOf(key), parts.length)).toBe(key);
        expect(decodeKey(key)).toEqual(parts);
      }),
    );
  });

  it('is the key itself for numbers and UUIDs, and a JSON array for several fields', () => {
    expect(storedKeyOf('42')).toBe('42');
    expect(storedKeyOf(encodeKey(['a b']))).toBe('a b');
    expect(JSON.parse(storedKeyOf(encodeKey(['q"', 'b\\', '7'])))).toEqual(['q"', 'b\\', '7']);
  });

  it('refuses a text that is no list of that many parts, and half a surrogate pair', () => {
    for (const text of ['', 'a', '["a"]', '["a","b","c"]', '["a", "b"]', '["a","b"', '["a\\n","b"]'])
      expect(() => documentKeyOf(text, 2)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect(() => storedKeyOf(encodeKey(['\ud800']))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
