import { type DataSource, type EntityMetadata, type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { alone } from './alone.js';
import { buildMetadata, checkedShards, type OutboxOptions, tableNames } from './attach.js';
import { dialectOf } from './dialect.js';
import { countShards, mismatch, shardsOfColumn } from './shard-count.js';

/**
 * The migration that makes the tables of the outbox, and on revert drops them with all that is still to do. A class for
 * the `migrations` of a DataSource; it works where the outbox is attached and where it is not.
 */
export function outboxMigration(options: OutboxOptions = {}): new () => MigrationInterface {
  const shards = checkedShards(options);
  // TypeORM takes the last 13 digits of the name for the time of the migration, and remembers it by its name.
  return class ScrypathOutbox1767225600000 implements MigrationInterface {
    readonly name = 'ScrypathOutbox1767225600000';

    up(queryRunner: QueryRunner): Promise<void> {
      return createTables(queryRunner, shards);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      for (const metadata of await buildMetadata(queryRunner.dataSource, shards))
        await queryRunner.dropTable(tableOf(queryRunner.dataSource, metadata).name, true);
    }
  };
}

/**
 * Makes what is missing of the outbox, without a migration: for tests, for embedded use, and for tables that
 * `synchronize` made, which have no rows of shards yet. Several processes may do so at the same time.
 * @throws ScrypathError `OUTBOX_MISMATCH` where it is there with another number of shards
 */
export async function ensureOutbox(dataSource: DataSource, options: OutboxOptions = {}): Promise<void> {
  const shards = checkedShards(options);
  const queryRunner = dataSource.createQueryRunner('master');
  try {
    await alone(queryRunner, 'outbox', () => createTables(queryRunner, shards));
  } finally {
    await queryRunner.release();
  }
}

async function createTables(queryRunner: QueryRunner, shards: number): Promise<void> {
  const { dataSource } = queryRunner;
  const metadatas = await buildMetadata(dataSource, shards);
  const names = tableNames(dataSource, metadatas);
  await createColumnRegister(queryRunner);
  for (const metadata of metadatas) {
    const table = tableOf(dataSource, metadata);
    if (!(await queryRunner.hasTable(table.name))) await queryRunner.createTable(table);
  }
  const stored = await shardsOfColumn(queryRunner, names.outbox);
  if (stored !== null && stored !== shards) throw mismatch(stored, shards);
  for (const table of [names.shard, names.sending]) await addShards(queryRunner, table, shards);
  await countShards(queryRunner, names);
}

/** Under its full name: TypeORM files the expression of a generated column under the schema that it finds in the name. */
function tableOf(dataSource: DataSource, metadata: EntityMetadata): Table {
  const table = Table.create(metadata, dataSource.driver);
  table.name = metadata.tablePath;
  return table;
}

/** TypeORM keeps the expressions of generated columns in a table of its own, which it makes for attached entities only. */
async function createColumnRegister(queryRunner: QueryRunner): Promise<void> {
  const { dataSource } = queryRunner;
  const { getTypeormMetadataTableName } = queryRunner as unknown as { getTypeormMetadataTableName(): string };
  if (await queryRunner.hasTable(getTypeormMetadataTableName.call(queryRunner))) return;
  const builder = dataSource.driver.createSchemaBuilder() as unknown as {
    currentSchema: string | undefined;
    createTypeormMetadataTable(queryRunner: QueryRunner): Promise<void>;
  };
  builder.currentSchema = (dataSource.driver.options as { schema?: string }).schema;
  await builder.createTypeormMetadataTable(queryRunner);
}

/** One row a shard; rows that are there stay as they are. */
async function addShards(queryRunner: QueryRunner, table: string, shards: number): Promise<void> {
  const { dataSource } = queryRunner;
  const rows = Array.from({ length: shards }, (_, at) => `(${at})`).join(', ');
  const column = dataSource.driver.escape('shard');
  await queryRunner.query(`INSERT INTO ${table} (${column}) VALUES ${rows}${dialectOf(dataSource).keepExisting}`);
}
