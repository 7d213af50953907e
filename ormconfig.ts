import { DataSource, type DataSourceOptions } from 'typeorm';

/** What a database needs beside its address. */
type Extras = Pick<DataSourceOptions, 'entities' | 'entityPrefix' | 'synchronize' | 'logging' | 'logger'>;

/**
 * Options of the DataSource for a database address: `postgres://…`, `mysql://…` or `mariadb://…`, else the path of a
 * SQLite file. Without one SQLite is in memory.
 */
export function dataSourceOptions(url: string | undefined, extras: Extras = {}): DataSourceOptions {
  const scheme = /^(\w+):\/\//.exec(url ?? '')?.[1];
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return { ...extras, type: 'postgres', url: url! } as DataSourceOptions;
    case 'mysql':
    case 'mariadb':
      return { ...extras, type: 'mariadb', url: url!.replace(/^mariadb:/, 'mysql:') } as DataSourceOptions;
    default: {
      // Only where it is SQLite: a program on another database needs no `libsql`.
      const { libsqlDriver } = require('scrypath/embedded') as typeof import('scrypath/embedded');
      const database = url ?? ':memory:';
      return { ...extras, type: 'better-sqlite3', driver: libsqlDriver(), database } as DataSourceOptions;
    }
  }
}

/** A DataSource for the database that the environment names in `DATABASE_URL`. */
export const dataSourceFor = (extras: Extras): DataSource =>
  new DataSource(dataSourceOptions(process.env.DATABASE_URL, extras));
