import { randomBytes } from 'node:crypto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { dataSourceOptions } from '../ormconfig.js';
import { ADDRESSES, probe } from '../test/stacks/reachable.js';

export const DATABASES = ['SQLite', 'PostgreSQL'] as const;
export type DatabaseName = (typeof DATABASES)[number];

type Entities = NonNullable<DataSourceOptions['entities']>;

/** A new database with the tables of the entities, and its removal; or why there is none. */
export type Opened =
  | { readonly dataSource: DataSource; drop(): Promise<void> }
  | { readonly dataSource: null; readonly reason: string };

export async function openDatabase(name: DatabaseName, entities: Entities): Promise<Opened> {
  const extras = { entities, synchronize: true };
  if (name === 'SQLite') {
    const dataSource = await new DataSource(dataSourceOptions(undefined, extras)).initialize();
    return { dataSource, drop: () => dataSource.destroy() };
  }
  const part = await probe(ADDRESSES.postgres);
  if (!part.there) return { dataSource: null, reason: part.reason };
  const database = `scrypath_bench_${randomBytes(6).toString('hex')}`;
  const server = await new DataSource(dataSourceOptions(part.at.url)).initialize();
  await server.query(`CREATE DATABASE ${database}`);
  const url = new URL(part.at.url);
  url.pathname = `/${database}`;
  const dataSource = await new DataSource(dataSourceOptions(url.href, extras)).initialize();
  return {
    dataSource,
    drop: async () => {
      await dataSource.destroy();
      await server.query(`DROP DATABASE ${database}`);
      await server.destroy();
    },
  };
}
