import type { DataSource } from 'typeorm';
import { ConnectionMetadataBuilder } from 'typeorm/connection/ConnectionMetadataBuilder.js';
import type { EntityMetadata } from 'typeorm/metadata/EntityMetadata.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { dialectOf } from './dialect.js';
import { whenMetadataIsBuilt } from './metadata-hook.js';
import { DEFAULT_SHARDS, MAX_SHARDS, outboxSchemas, TABLES, type TableName } from './outbox-schema.js';

export interface OutboxOptions {
  /** Number of shards, 1 to 1024; default 16. It is fixed when the tables are made. */
  readonly shards?: number;
}

/** The names of the tables, ready to stand in a statement. */
export type OutboxTables = Readonly<Record<TableName, string>>;

const attached = new WeakMap<DataSource, { readonly shards: number; readonly done: Promise<void> }>();

/**
 * Makes the tables of the outbox part of a DataSource, before or after `initialize()`, and at every `initialize()` to
 * come. `synchronize` then makes them, `migration:generate` includes them. It makes no table itself, and touches neither
 * the options nor another DataSource. Before `initialize()` nothing needs to be awaited. A second call does nothing.
 * @throws ScrypathError `OPTION_INVALID`; `OUTBOX_MISMATCH` where it was attached with another number of shards
 */
export async function attachOutbox(dataSource: DataSource, options: OutboxOptions = {}): Promise<void> {
  const shards = checkedShards(options);
  dialectOf(dataSource);
  let attachment = attached.get(dataSource);
  if (attachment === undefined) {
    const { done } = whenMetadataIsBuilt(dataSource, () => addMetadata(dataSource, shards));
    attachment = { shards, done };
    attached.set(dataSource, attachment);
  }
  if (attachment.shards !== shards)
    throw new ScrypathError({
      code: 'OUTBOX_MISMATCH',
      happened: `The DataSource has an outbox of ${attachment.shards} shards, and ${shards} were asked for.`,
      remedy: 'Give the same number everywhere.',
    });
  await attachment.done;
}

/** @throws ScrypathError `OPTION_INVALID` */
export function checkedShards({ shards = DEFAULT_SHARDS }: OutboxOptions): number {
  if (Number.isInteger(shards) && shards >= 1 && shards <= MAX_SHARDS) return shards;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `An outbox cannot have ${shards} shards.`,
    remedy: `Give a whole number from 1 to ${MAX_SHARDS}.`,
  });
}

async function addMetadata(dataSource: DataSource, shards: number): Promise<void> {
  if (findMetadata(dataSource) !== null) return;
  for (const metadata of await buildMetadata(dataSource, shards)) {
    dataSource.entityMetadatas.push(metadata);
    dataSource.entityMetadatasMap.set(metadata.target, metadata);
  }
}

/** The metadata of the tables, as TypeORM makes it; the DataSource does not learn of it. */
export async function buildMetadata(dataSource: DataSource, shards: number): Promise<readonly EntityMetadata[]> {
  refuseMisnamedMariadb(dataSource);
  return new ConnectionMetadataBuilder(dataSource).buildEntityMetadatas([...outboxSchemas(dataSource, shards)]);
}

/** TypeORM writes SQL for a generated column by the type in its options, and MariaDB does not take MySQL's. */
function refuseMisnamedMariadb({ options, driver }: DataSource): void {
  if (options.type !== 'mysql' || !(Number.parseInt(driver.version ?? '', 10) >= FIRST_MARIADB_VERSION)) return;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: 'The DataSource has the type "mysql", and its server is a MariaDB.',
    remedy: 'Give it the type "mariadb".',
  });
}

/** MariaDB counts from 10; MySQL is at 9. */
const FIRST_MARIADB_VERSION = 10;

const findMetadata = ({ entityMetadatas }: DataSource): EntityMetadata | null =>
  entityMetadatas.find(({ name }) => name === TABLES.outbox) ?? null;

/** The names of the tables, out of their metadata. */
export function tableNames(dataSource: DataSource, metadatas: readonly EntityMetadata[]): OutboxTables {
  const entries = (Object.entries(TABLES) as [TableName, string][]).map(([table, entity]) => [
    table,
    escapePath(dataSource, metadatas.find(({ name }) => name === entity)!.tablePath),
  ]);
  return Object.fromEntries(entries) as OutboxTables;
}

/** By the metadata of the outbox, which is another one after each `initialize()`: every statement asks. */
const known = new WeakMap<EntityMetadata, OutboxTables>();

/**
 * The tables of a DataSource that the outbox is attached to.
 * @throws ScrypathError `OUTBOX_MISSING` where it is not
 */
export function tablesOf(dataSource: DataSource): OutboxTables {
  const outbox = findMetadata(dataSource);
  if (outbox === null)
    throw new ScrypathError({
      code: 'OUTBOX_MISSING',
      happened: 'The DataSource does not know the tables of the outbox.',
      remedy: 'Call attachOutbox(dataSource), and initialize() it.',
    });
  const tables = known.get(outbox) ?? tableNames(dataSource, dataSource.entityMetadatas);
  known.set(outbox, tables);
  return tables;
}

export const escapePath = (dataSource: DataSource, path: string): string =>
  path
    .split('.')
    .map((name) => dataSource.driver.escape(name))
    .join('.');
