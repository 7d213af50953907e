import { randomBytes } from 'node:crypto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { ADDRESSES } from '../stacks/reachable';

export type ServerName = keyof typeof ADDRESSES;

/** A database of its own, and a connection to it that no other part uses. */
export interface OwnDatabase {
  readonly server: ServerName;
  readonly url: string;
  query<T = Record<string, unknown>>(sql: string): Promise<readonly T[]>;
  drop(): Promise<void>;
}

export async function ownDatabase(server: ServerName, entities: DataSourceOptions['entities']): Promise<OwnDatabase> {
  const administration = await new DataSource(dataSourceOptions(ADDRESSES[server])).initialize();
  const name = `scrypath_${randomBytes(6).toString('hex')}`;
  await administration.query(`CREATE DATABASE ${name}${server === 'mariadb' ? ' CHARACTER SET utf8mb4' : ''}`);
  const url = new URL(ADDRESSES[server]);
  url.pathname = `/${name}`;
  const own = new DataSource(dataSourceOptions(url.href, { entities: entities ?? [], synchronize: true }));
  await own.initialize();
  return {
    server,
    url: url.href,
    query: (sql) => own.query(sql),
    drop: async () => {
      await own.destroy();
      await administration.query(`DROP DATABASE ${name}${server === 'postgres' ? ' WITH (FORCE)' : ''}`);
      await administration.destroy();
    },
  };
}
