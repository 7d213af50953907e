import { randomBytes } from 'node:crypto';
import { type Backend, Scrypath, type ScrypathOptions, type SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { type Faults, withFaults } from 'scrypath/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { DATABASES, type DatabaseName, ENGINES, type EngineName, reachable } from './reachable';
import { IS_WHOLE_RUN } from './whole-run';

type Entities = NonNullable<DataSourceOptions['entities']>;

/** One database and one engine to run specifications on. */
export interface Stack {
  readonly database: DatabaseName;
  readonly engine: EngineName;
  /** Opens a database and an engine of its own for the surrounding describe, and closes them after it. */
  use(entities: Entities, options?: StackOptions): Opened;
}

export type StackOptions = Omit<ScrypathOptions, 'dataSource' | 'backend'>;

/** What a describe works with; there from `beforeAll` on. */
export interface Opened {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly faults: Faults;
  readonly scrypath: Scrypath;
  /** SQL statements sent since the last call of `forgetSql`. */
  readonly sql: readonly string[];
  forgetSql(): void;
  for<E extends object>(entity: new () => E): SearchService<E>;
}

/** Runs a specification on every database and engine that is there; a missing one is skipped by name, with its reason. */
export function onEveryStack(title: string, body: (stack: Stack) => void): void {
  for (const database of DATABASES) for (const engine of ENGINES) onStack(title, database, engine, body);
}

const PAIRS: readonly (readonly [DatabaseName, EngineName])[] = [
  ['sqlite', 'embedded'],
  ['postgres', 'meilisearch'],
  ['mariadb', 'embedded'],
];

/**
 * As {@link onEveryStack}, on some stacks, among them each database and each engine: for what takes long, and where a database
 * and an engine do not know of each other. On all of them in a whole run.
 */
export function onPairs(title: string, body: (stack: Stack) => void): void {
  if (IS_WHOLE_RUN) onEveryStack(title, body);
  else for (const [database, engine] of PAIRS) onStack(title, database, engine, body);
}

/** As {@link onEveryStack}, on the embedded engine only: for what the engine has no part in. */
export function onEveryDatabase(title: string, body: (stack: Stack) => void): void {
  for (const database of DATABASES) onStack(title, database, 'embedded', body);
}

/** As {@link onEveryStack}, on SQLite only: for what the database has no part in. */
export function onEveryEngine(title: string, body: (stack: Stack) => void): void {
  for (const engine of ENGINES) onStack(title, 'sqlite', engine, body);
}

/** As {@link onEveryStack}, on one. */
export function onStack(title: string, database: DatabaseName, engine: EngineName, body: (stack: Stack) => void): void {
  const name = `${title} [${database} · ${engine}]`;
  const missing = [reachable().databases[database], reachable().engines[engine]].flatMap((part) =>
    part.there ? [] : [part.reason],
  );
  if (missing.length > 0) describe(name, () => it.skip(`skipped: ${missing.join('; ')}`, () => undefined));
  else
    describe(name, () =>
      body({ database, engine, use: (entities, options) => use(database, engine, entities, options) }),
    );
}

function use(database: DatabaseName, engine: EngineName, entities: Entities, options: StackOptions = {}): Opened {
  const sql: string[] = [];
  let dataSource: DataSource;
  let scrypath: Scrypath;
  let faulty: ReturnType<typeof withFaults>;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, entities, sql));
    faulty = withFaults(openEngine(engine));
    const prefix = options.prefix ?? `t${randomBytes(5).toString('hex')}`;
    scrypath = new Scrypath({ sync: { mode: 'inline' }, ...options, prefix, dataSource, backend: faulty.backend });
    await scrypath.start();
  });
  afterAll(async () => {
    await faulty?.faults.clear();
    const { indexes } = scrypath ? await scrypath.prepare() : { indexes: [] };
    await Promise.all(indexes.map(({ index }) => faulty.backend.indexes.drop(index)));
    await scrypath?.close();
    await drop?.();
  });

  return {
    get dataSource() {
      return dataSource;
    },
    get backend() {
      return faulty.backend;
    },
    get faults() {
      return faulty.faults;
    },
    get scrypath() {
      return scrypath;
    },
    sql,
    forgetSql: () => {
      sql.length = 0;
    },
    for: (entity) => scrypath.for(entity),
  };
}

/** A new backend of the engine; closing it is the caller's. */
export function openEngine(engine: EngineName): Backend {
  if (engine === 'embedded') return embedded();
  const part = reachable().engines.meilisearch;
  if (!part.there || part.at === null) throw new Error('Meilisearch is not there.');
  return meilisearch({ host: part.at.url, apiKey: part.at.apiKey });
}

/** A new database with the tables of the entities, and a function that drops it. */
export async function openDatabase(
  database: DatabaseName,
  entities: Entities,
  sql: string[] = [],
): Promise<{ dataSource: DataSource; drop: () => Promise<void> }> {
  const part = reachable().databases[database];
  if (!part.there) throw new Error(part.reason);
  const record = { logQuery: (query: string) => sql.push(query), ...silence } as unknown as DataSourceOptions['logger'];
  const extras = { entities, synchronize: true, logging: ['query'], logger: record } as Pick<
    DataSourceOptions,
    'entities'
  >;
  if (part.at.url === null) {
    const dataSource = await new DataSource(dataSourceOptions(undefined, extras)).initialize();
    return { dataSource, drop: () => dataSource.destroy() };
  }
  const name = `scrypath_${randomBytes(6).toString('hex')}`;
  const server = await new DataSource(dataSourceOptions(part.at.url)).initialize();
  await server.query(`CREATE DATABASE ${name}${database === 'mariadb' ? ' CHARACTER SET utf8mb4' : ''}`);
  const url = new URL(part.at.url);
  url.pathname = `/${name}`;
  const dataSource = await new DataSource(dataSourceOptions(url.href, extras)).initialize();
  return {
    dataSource,
    drop: async () => {
      await dataSource.destroy();
      await server.query(`DROP DATABASE ${name}`);
      await server.destroy();
    },
  };
}

const nothing = () => undefined;
const silence = {
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
