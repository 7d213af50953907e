import type { Description } from 'scrypath';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { type FanOut, fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import type { DatabaseName } from '../stacks/reachable';
import { openDatabase } from '../stacks/stack';

/** A database with tables, an outbox and no triggers yet. */
export interface OpenedTables {
  readonly dataSource: DataSource;
  readonly fanOut: FanOut;
  drop(): Promise<void>;
}

export async function openTables(
  database: DatabaseName,
  entities: NonNullable<DataSourceOptions['entities']>,
  described: readonly Description[] = [],
): Promise<OpenedTables> {
  const { dataSource, drop } = await openDatabase(database, entities);
  await withOutbox(dataSource);
  return { dataSource, fanOut: rulesOf(dataSource, described), drop };
}

export async function withOutbox(dataSource: DataSource): Promise<void> {
  await attachOutbox(dataSource);
  await ensureOutbox(dataSource);
}

/** What follows from the declarations of the DataSource's entities. */
export const rulesOf = (dataSource: DataSource, described: readonly Description[] = []): FanOut =>
  fanOutOf(dataSource, metadatasOf(dataSource, described));

export const metadatasOf = (dataSource: DataSource, described: readonly Description[] = []) =>
  new MetadataRegistry(dataSource, described, { prefix: null }).all();

export interface OutboxRow {
  readonly entity: string;
  readonly record_key: string;
  readonly cause: string;
  readonly state: string;
}

/** The rows of the outbox in a stable order; takes them away. */
export async function takeRows(dataSource: DataSource): Promise<readonly OutboxRow[]> {
  const rows: OutboxRow[] = await dataSource.query(
    'SELECT entity, record_key, cause, state FROM scrypath_outbox ORDER BY entity, record_key',
  );
  await dataSource.query('DELETE FROM scrypath_outbox');
  return rows;
}
