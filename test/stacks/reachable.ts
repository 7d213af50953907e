import { once } from 'node:events';
import { createConnection } from 'node:net';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';

export const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const;
export type DatabaseName = (typeof DATABASES)[number];
export const ENGINES = ['embedded', 'meilisearch'] as const;
export type EngineName = (typeof ENGINES)[number];

/** What the set-up found, handed to every test file. */
export interface Reachable {
  /** Address of each server's maintenance database, or why it cannot be used. */
  readonly databases: Readonly<Record<DatabaseName, Part<{ readonly url: string | null }>>>;
  readonly engines: Readonly<Record<EngineName, Part<{ readonly url: string; readonly apiKey: string } | null>>>;
  readonly redis: Part<{ readonly url: string }>;
}
export type Part<T> = { readonly there: true; readonly at: T } | { readonly there: false; readonly reason: string };

const VARIABLE = 'SCRYPATH_TEST_STACKS';

export const remember = (reachable: Reachable): void => {
  process.env[VARIABLE] = JSON.stringify(reachable);
};

export const reachable = (): Reachable => {
  const found = process.env[VARIABLE];
  if (found === undefined)
    throw new Error('The stacks are not known: run the tests with the global set-up of jest.config.js.');
  return JSON.parse(found) as Reachable;
};

export const ADDRESSES: Readonly<Record<Exclude<DatabaseName, 'sqlite'>, string>> = {
  postgres: process.env.SCRYPATH_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  mariadb: process.env.SCRYPATH_MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test',
};

/** Whether a server answers at the address. */
export async function probe(url: string): Promise<Part<{ readonly url: string }>> {
  const dataSource = new DataSource(dataSourceOptions(url));
  try {
    await dataSource.initialize();
    await dataSource.destroy();
    return { there: true, at: { url } };
  } catch (error) {
    return { there: false, reason: `no server at ${new URL(url).host}: ${(error as Error).message}` };
  }
}

const REDIS = process.env.SCRYPATH_REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Whether a Redis answers; what it says to PING may be that it wants a password. */
export async function probeRedis(): Promise<Reachable['redis']> {
  const { hostname, port, host } = new URL(REDIS);
  const socket = createConnection({ host: hostname, port: Number(port || 6379), timeout: 5000 });
  try {
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    await once(socket, 'connect');
    socket.write('PING\r\n');
    await once(socket, 'data');
    return { there: true, at: { url: REDIS } };
  } catch (error) {
    return { there: false, reason: `no Redis at ${host}: ${(error as Error).message}` };
  } finally {
    socket.destroy();
  }
}
