import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { dialectOf } from './dialect.js';
import { ENTITY_MAX_LENGTH, RECORD_KEY_MAX_LENGTH } from './outbox-row.js';

/** Names of the entities in a DataSource. */
export const OUTBOX_ENTITY = 'ScrypathOutbox';
export const SHARD_ENTITY = 'ScrypathShard';

export const DEFAULT_SHARDS = 16;
export const MAX_SHARDS = 1024;

/**
 * The two tables as entities: `scrypath_outbox`, one row a dirty key, and `scrypath_shard`, one row a shard. A schema and
 * a prefix are those of the DataSource. The number of shards is part of a stored column.
 */
export function outboxSchemas(dataSource: DataSource, shards: number): readonly EntitySchema[] {
  const words = wordsOf(dataSource);
  const { exact, uuid, now } = words;
  const { type } = dataSource.options;
  const number: EntitySchemaColumnOptions = { type: 'bigint', default: 0 };
  const outbox = new EntitySchema({
    name: OUTBOX_ENTITY,
    tableName: 'scrypath_outbox',
    columns: {
      // Not a counter: MariaDB's lock on one held every other writer for seconds while one INSERT … SELECT ran.
      id: { name: 'id', type: 'varchar', length: 36, primary: true, ...exact, ...uuid },
      entity: { name: 'entity', type: 'varchar', length: ENTITY_MAX_LENGTH, ...exact },
      recordKey: { name: 'record_key', type: 'varchar', length: RECORD_KEY_MAX_LENGTH, ...exact },
      cause: { name: 'cause', type: 'varchar', length: 16, ...exact },
      shard: {
        name: 'shard',
        type: type === 'postgres' || type === 'better-sqlite3' ? 'integer' : 'int',
        generatedType: 'STORED',
        asExpression: dialectOf(dataSource).shard(shards),
        insert: false,
        update: false,
      },
      state: { name: 'state', type: 'varchar', length: 16, default: 'enqueued', ...exact },
      attempts: {
        name: 'attempts',
        type: type === 'postgres' || type === 'better-sqlite3' ? 'integer' : 'int',
        default: 0,
      },
      dueAt: { name: 'due_at', ...number },
      unknownUntil: { name: 'unknown_until', ...number },
      tasks: { name: 'tasks', type: 'text', nullable: true },
      errorClass: { name: 'error_class', type: 'varchar', length: 190, nullable: true, ...exact },
      createdAt: { name: 'created_at', type: 'bigint', ...now },
    },
    indices: [
      { columns: ['shard', 'state', 'dueAt'] },
      { columns: ['entity', 'recordKey'] },
      { columns: ['state', 'createdAt'] },
    ],
  });
  const shard = new EntitySchema({
    name: SHARD_ENTITY,
    tableName: 'scrypath_shard',
    columns: {
      shard: {
        name: 'shard',
        type: type === 'postgres' || type === 'better-sqlite3' ? 'integer' : 'int',
        primary: true,
      },
      epoch: { name: 'epoch', ...number },
    },
  });
  return [outbox, shard];
}

type ColumnWords = Partial<EntitySchemaColumnOptions>;

/**
 * Collation and defaults, spelled as the database reports them: where they differ, TypeORM's `synchronize` would alter the
 * table at every start. MySQL reports its default expressions in a way that TypeORM always takes for changed, so there
 * they are left out; every INSERT of ours names both columns anyway.
 */
function wordsOf(dataSource: DataSource): { exact: ColumnWords; uuid: ColumnWords; now: ColumnWords } {
  const { nowMs, newId } = dialectOf(dataSource);
  const defaultOf = (expression: string): ColumnWords => ({ default: () => expression });
  switch (dataSource.options.type) {
    case 'postgres':
      return {
        exact: {},
        uuid: defaultOf('gen_random_uuid()'),
        now: defaultOf("(date_part('epoch', clock_timestamp()) * (1000))"),
      };
    case 'mariadb':
      // Without NOPAD a key would equal the same key with blanks after it.
      return {
        exact: { charset: 'utf8mb4', collation: 'utf8mb4_nopad_bin' },
        uuid: defaultOf(newId),
        now: defaultOf(`(${nowMs})`),
      };
    case 'mysql':
      return { exact: { charset: 'utf8mb4', collation: 'utf8mb4_0900_bin' }, uuid: {}, now: {} };
    default:
      return { exact: {}, uuid: defaultOf(newId), now: defaultOf(nowMs) };
  }
}
