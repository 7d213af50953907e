import { describe as declare } from 'scrypath';
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { storedKeyOf } from '../../src/outbox/stored-key';
import { ensureTriggers } from '../../src/triggers/install';
import type { DatabaseName } from '../stacks/reachable';
import { onEveryDatabase } from '../stacks/stack';
import { metadatasOf, type OpenedTables, openTables, takeRows } from './opened';

const BINARY: Readonly<Record<DatabaseName, EntitySchemaColumnOptions>> = {
  postgres: { type: 'bytea' },
  mariadb: { type: 'varbinary', length: 16 },
  sqlite: { type: 'blob' },
};

/** SQLite's driver reads it as a number, and beyond 2^53 it is no key. */
const LARGE: Readonly<Record<DatabaseName, string>> = {
  postgres: '9223372036854775807',
  mariadb: '9223372036854775807',
  sqlite: '9007199254740991',
};

/** Keys of each type, as a record has them. */
const keysFor = (database: DatabaseName): Readonly<Record<string, KeyType>> => ({
  number: { columns: { id: { type: 'int' } }, keys: [{ id: 1 }, { id: -7 }] },
  bigint: { columns: { id: { type: 'bigint' } }, keys: [{ id: LARGE[database] }, { id: `-${LARGE[database]}` }] },
  text: {
    columns: { id: { type: 'varchar', length: 60 } },
    keys: ['plain', 'a "quoted" \\ one', ' blanks  around ', 'Ünïcødé 日本 🎬', '["a","b"]', "it's"].map((id) => ({
      id,
    })),
  },
  uuid: {
    columns: { id: { type: database === 'sqlite' ? 'varchar' : 'uuid' } },
    keys: [{ id: '0189dcb4-4a6c-7c2e-9f4b-1f6c2a9d8e70' }],
  },
  binary: {
    columns: { id: BINARY[database] },
    keys: [{ id: Buffer.from('00ff10ab', 'hex') }, { id: Buffer.from('deadbeef00', 'hex') }],
  },
  composite: {
    columns: { shelf: { type: 'varchar', length: 60 }, place: { type: 'bigint' } },
    keys: [
      { shelf: 'a', place: '1' },
      { shelf: 'q"\\', place: LARGE[database] },
      { shelf: '","', place: '0' },
    ],
  },
});

interface KeyType {
  readonly columns: Readonly<Record<string, EntitySchemaColumnOptions>>;
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

onEveryDatabase('a key that a trigger marks', ({ database }) => {
  const types = keysFor(database);
  const schemas = Object.entries(types).map(([name, { columns }]) => {
    const keyed = Object.entries(columns).map(([column, options]) => [column, { ...options, primary: true }]);
    return new EntitySchema<Record<string, unknown>>({
      name: `Keyed${name}`,
      tableName: `keyed_${name}`,
      columns: { ...Object.fromEntries(keyed), title: { type: 'varchar', length: 60 } },
    });
  });
  const described = schemas.map((schema) => declare(schema, { fields: { title: { searchable: true } } as object }));
  let opened: OpenedTables;
  beforeAll(async () => {
    opened = await openTables(database, schemas, described);
    await ensureTriggers(opened.dataSource, opened.fanOut);
  });
  afterAll(() => opened?.drop());
  beforeEach(() => takeRows(opened.dataSource));

  it.each(Object.entries(types))('of the type %s is spelled as the outbox stores it', async (name, { keys }) => {
    const { dataSource } = opened;
    const table = `keyed_${name}`;
    const repository = dataSource.getRepository<Record<string, unknown>>(`Keyed${name}`);
    const { key } = metadatasOf(dataSource, described).find(({ entity }) => entity === `Keyed${name}`)!;
    await repository.insert(keys.map((one) => ({ ...one, title: 'new' })));
    const expected = (await repository.find()).map((record) => storedKeyOf(key.of(record))).sort();
    const marked = async () => (await takeRows(dataSource)).map((row) => row.record_key).sort();
    expect(expected).toHaveLength(keys.length);
    expect(await marked()).toEqual(expected);
    await dataSource.query(`UPDATE ${table} SET title = 'changed'`);
    expect(await marked()).toEqual(expected);
    await dataSource.query(`DELETE FROM ${table}`);
    expect(await marked()).toEqual(expected);
  });
});
