import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { dialectOf } from './dialect.js';
import { ENTITY_MAX_LENGTH, RECORD_KEY_MAX_LENGTH } from './outbox-row.js';

/** Names of the entities in a DataSource, by the table that they stand for. */
export const TABLES = {
  outbox: 'ScrypathOutbox',
  shard: 'ScrypathShard',
  sending: 'ScrypathSending',
  fence: 'ScrypathFence',
  index: 'ScrypathIndex',
  projection: 'ScrypathProjection',
  fill: 'ScrypathFill',
  registration: 'ScrypathRegistration',
  touched: 'ScrypathTouched',
  rebuild: 'ScrypathRebuild',
  worker: 'ScrypathWorker',
  contract: 'ScrypathContract',
} as const;
export type TableName = keyof typeof TABLES;

export const DEFAULT_SHARDS = 16;
export const MAX_SHARDS = 1024;

/**
 * The tables as entities. A schema and a prefix are those of the DataSource. The number of shards is part of a stored column.
 *
 * | table                 | one row                                                                                      |
 * | --------------------- | -------------------------------------------------------------------------------------------- |
 * | `scrypath_outbox`     | a dirty key                                                                                  |
 * | `scrypath_shard`      | a shard: who has locked it may send its keys                                                 |
 * | `scrypath_sending`    | a shard: whether something is being sent, and until when it may still arrive                 |
 * | `scrypath_fence`      | somebody who wants every shard, and for whom workers hold back                               |
 * | `scrypath_index`      | an index: which physical one the rows went to, and whether its writes go one at a time       |
 * | `scrypath_projection` | an entity: the newest version of its projection that was started                             |
 * | `scrypath_fill`       | a backfill: where it is, or how it ended                                                     |
 * | `scrypath_registration` | an index that is being filled, while senders remember for it which keys they have sent      |
 * | `scrypath_touched`    | a key that was sent since a registration, or that the target of a rebuild lacks              |
 * | `scrypath_rebuild`    | an index that is built beside a live one: its target, and how far it has got                 |
 * | `scrypath_worker`     | a worker: whose it is, and when it was seen last                                             |
 * | `scrypath_contract`   | a physical index: the declarations that its documents were made by                           |
 */
export function outboxSchemas(dataSource: DataSource, shards: number): readonly EntitySchema[] {
  const { exact, uuid, now } = wordsOf(dataSource);
  const { type } = dataSource.options;
  const number: EntitySchemaColumnOptions = { type: 'bigint', default: 0 };
  const integer: EntitySchemaColumnOptions = {
    type: type === 'postgres' || type === 'better-sqlite3' ? 'integer' : 'int',
  };
  const text = (length: number): EntitySchemaColumnOptions => ({ type: 'varchar', length, ...exact });
  const key = { ...integer, primary: true };
  return [
    new EntitySchema({
      name: TABLES.outbox,
      tableName: 'scrypath_outbox',
      columns: {
        // Counted over by a status: PostgreSQL takes a row apart from its start, and these three first made that a sixth less work.
        createdAt: { name: 'created_at', type: 'bigint', ...now },
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH) },
        state: { name: 'state', ...text(16), default: 'enqueued' },
        // Not a counter: MariaDB's lock on one held every other writer for seconds while one INSERT … SELECT ran.
        id: { name: 'id', ...text(36), primary: true, ...uuid },
        recordKey: { name: 'record_key', ...text(RECORD_KEY_MAX_LENGTH) },
        cause: { name: 'cause', ...text(16) },
        shard: {
          name: 'shard',
          ...integer,
          generatedType: 'STORED',
          asExpression: dialectOf(dataSource).shard(shards),
          insert: false,
          update: false,
        },
        attempts: { name: 'attempts', ...integer, default: 0 },
        dueAt: { name: 'due_at', ...number },
        unknownUntil: { name: 'unknown_until', ...number },
        piece: { name: 'piece', ...integer, default: 0 },
        tasks: { name: 'tasks', type: 'text', nullable: true },
        errorClass: { name: 'error_class', ...text(190), nullable: true },
      },
      indices: [{ columns: ['shard', 'state', 'dueAt'] }, { columns: ['entity', 'recordKey'] }],
    }),
    new EntitySchema({
      name: TABLES.shard,
      tableName: 'scrypath_shard',
      columns: { shard: { name: 'shard', ...key } },
    }),
    new EntitySchema({
      name: TABLES.sending,
      tableName: 'scrypath_sending',
      columns: {
        shard: { name: 'shard', ...key },
        unknownUntil: { name: 'unknown_until', ...number },
        holder: { name: 'holder', ...text(190), nullable: true },
      },
    }),
    new EntitySchema({
      name: TABLES.fence,
      tableName: 'scrypath_fence',
      columns: { name: { name: 'name', ...text(64), primary: true }, until: { name: 'until', ...number } },
    }),
    new EntitySchema({
      name: TABLES.index,
      tableName: 'scrypath_index',
      columns: {
        name: { name: 'name', ...text(400), primary: true },
        createdAt: { name: 'created_at', ...text(40), nullable: true },
        isolating: { name: 'isolating', ...integer, default: 0 },
        inFlight: { name: 'in_flight', type: 'text', nullable: true },
        succeededAt: { name: 'succeeded_at', ...number },
      },
    }),
    new EntitySchema({
      name: TABLES.projection,
      tableName: 'scrypath_projection',
      columns: {
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH), primary: true },
        version: { name: 'version', ...integer },
      },
    }),
    new EntitySchema({
      name: TABLES.fill,
      tableName: 'scrypath_fill',
      columns: {
        id: { name: 'id', ...text(36), primary: true },
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH) },
        indexName: { name: 'index_name', ...text(400) },
        state: { name: 'state', ...text(16) },
        cursor: { name: 'cursor', type: 'text', nullable: true },
        batches: { name: 'batches', ...number },
        documents: { name: 'documents', ...number },
        skipped: { name: 'skipped', ...number },
        failed: { name: 'failed', ...number },
        // Of a range that is filled apart: the backfill that it belongs to, who fills it, and why that failed.
        parent: { name: 'parent', ...text(36), nullable: true },
        owner: { name: 'owner', ...text(36), nullable: true },
        problem: { name: 'problem', ...text(190), nullable: true },
        startedAt: { name: 'started_at', ...number },
        updatedAt: { name: 'updated_at', ...number },
      },
      indices: [{ columns: ['entity'] }, { columns: ['parent'] }],
    }),
    new EntitySchema({
      name: TABLES.registration,
      tableName: 'scrypath_registration',
      columns: {
        id: { name: 'id', ...text(36), primary: true },
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH) },
        rebuild: { name: 'rebuild', ...text(36), nullable: true },
        startedAt: { name: 'started_at', ...number },
        seenAt: { name: 'seen_at', ...number },
      },
    }),
    new EntitySchema({
      name: TABLES.touched,
      tableName: 'scrypath_touched',
      columns: {
        registration: { name: 'registration', ...text(36), primary: true },
        recordKey: { name: 'record_key', ...text(RECORD_KEY_MAX_LENGTH), primary: true },
      },
    }),
    new EntitySchema({
      name: TABLES.rebuild,
      tableName: 'scrypath_rebuild',
      columns: {
        id: { name: 'id', ...text(36), primary: true },
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH) },
        live: { name: 'live', ...text(400) },
        target: { name: 'target', ...text(400) },
        state: { name: 'state', ...text(16) },
        liveCreated: { name: 'live_created', ...text(40), nullable: true },
        targetCreated: { name: 'target_created', ...text(40), nullable: true },
        writesLive: { name: 'writes_live', ...integer, default: 1 },
        problem: { name: 'problem', ...text(190), nullable: true },
        swapUntil: { name: 'swap_until', ...number },
        owner: { name: 'owner', ...text(190), nullable: true },
        startedAt: { name: 'started_at', ...number },
        seenAt: { name: 'seen_at', ...number },
        report: { name: 'report', type: 'text', nullable: true },
      },
      indices: [{ columns: ['entity'] }],
    }),
    new EntitySchema({
      name: TABLES.worker,
      tableName: 'scrypath_worker',
      columns: {
        id: { name: 'id', ...text(36), primary: true },
        owner: { name: 'owner', ...text(190) },
        startedAt: { name: 'started_at', ...number },
        seenAt: { name: 'seen_at', ...number },
      },
    }),
    new EntitySchema({
      name: TABLES.contract,
      tableName: 'scrypath_contract',
      columns: {
        entity: { name: 'entity', ...text(ENTITY_MAX_LENGTH), primary: true },
        indexCreated: { name: 'index_created', ...text(40), primary: true },
        fingerprint: { name: 'fingerprint', ...text(190) },
      },
    }),
  ];
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
        // Keys are only ever compared for being the same, or in any order: bytes cost the least.
        exact: { collation: 'C' },
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
