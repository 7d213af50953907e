import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { reachable } from '../stacks/reachable';
import { openDatabase, openEngine, type Stack } from '../stacks/stack';
import { Application } from './application';

/** Rows of the table; enough for many uploads. */
export const ROWS = 4_000;

const MOVIE = `
import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity()
@Searchable()
export class Movie {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Filterable() @Sortable() @Column() year!: number;
}
`;

const ORMCONFIG = `
import { DataSource } from 'typeorm';
import { libsqlDriver } from 'scrypath/embedded';
import { Movie } from './movie';

const url = process.env.APP_DATABASE!;
const where = /^\\w+:\\/\\//.test(url)
  ? { type: 'postgres' as const, url }
  : { type: 'better-sqlite3' as const, driver: libsqlDriver(), database: url };
export const dataSource = new DataSource({ ...where, entities: [Movie], synchronize: true });
`;

/** At the upload that APP_ENDS names the process gets the signal that APP_ENDS_BY names. */
const CONFIG = `
import { type Backend, Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { dataSource } from './ormconfig';

const { APP_ENGINE, APP_ENGINE_KEY, APP_INDEX_FILE, APP_PREFIX, APP_ENDS, APP_ENDS_BY } = process.env;
const engine: Backend = APP_ENGINE ? meilisearch({ host: APP_ENGINE, apiKey: APP_ENGINE_KEY }) : embedded({ file: APP_INDEX_FILE });
let uploads = 0;
const backend = new Proxy(engine, {
  get(target, name) {
    const member = Reflect.get(target, name, target);
    if (typeof member !== 'function') return member;
    if (!APP_ENDS || !['upsert', 'upload'].includes(name as string)) return member.bind(target);
    const mayEnd = (send: (...given: unknown[]) => unknown) => (...given: unknown[]) => {
      uploads += 1;
      if (uploads === Number(APP_ENDS)) process.kill(process.pid, APP_ENDS_BY as NodeJS.Signals);
      return send(...given);
    };
    if (name === 'upsert') return mayEnd(member.bind(target));
    return (index: string) => {
      const upload = engine.upload!(index);
      return Object.assign(upload, { send: mayEnd(upload.send.bind(upload)) });
    };
  },
});

console.log('The configuration is talkative.');
export default new Scrypath({
  dataSource,
  backend,
  prefix: APP_PREFIX!,
  sync: { mode: 'queued' },
  capture: 'orm',
  outbox: { lockMs: 1_500, requestMs: 1_000, marginMs: 100 },
});
`;

/** An application with a table of movies, on a stack; its database and its index are its own. */
export class MovieApplication extends Application {
  readonly env: Readonly<Record<string, string>>;
  /** Of this process, on the same database; null on SQLite, whose file one process at a time works on. */
  readonly #database: { readonly dataSource: DataSource; readonly drop: () => Promise<void> } | null;
  readonly #prefix: string;

  private constructor(prefix: string, database: { dataSource: DataSource; drop: () => Promise<void> } | null) {
    super({ 'movie.ts': MOVIE, 'ormconfig.ts': ORMCONFIG, 'scrypath.config.ts': CONFIG });
    this.#prefix = prefix;
    this.#database = database;
    const url = (database?.dataSource.options as { url?: string } | undefined)?.url;
    const { meilisearch } = reachable().engines;
    this.env = {
      APP_PREFIX: prefix,
      APP_DATABASE: url ?? join(this.folder, 'movies.sqlite'),
      APP_INDEX_FILE: join(this.folder, 'index.sqlite'),
      ...(url && meilisearch.there && { APP_ENGINE: meilisearch.at!.url, APP_ENGINE_KEY: meilisearch.at!.apiKey }),
    };
  }

  /** With rows and an empty index. */
  static async open({ database }: Pick<Stack, 'database'>): Promise<MovieApplication> {
    const opened = database === 'sqlite' ? null : await openDatabase(database, []);
    const application = new MovieApplication(`t${randomBytes(5).toString('hex')}`, opened);
    try {
      const { code, stderr } = await application.run(['prepare'], application.env);
      if (code !== 0) throw new Error(stderr);
      await application.insert(1, ROWS);
    } catch (error) {
      await application.close();
      throw error;
    }
    return application;
  }

  /** Rows that nobody is told of. */
  async insert(from: number, to: number): Promise<void> {
    const text = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
      INSERT INTO movie (id, title, year) SELECT i, 'Movie ' || i, 1900 + i % 120 FROM n`;
    await this.sql(text);
  }

  async sql(text: string): Promise<void> {
    if (this.#database !== null) await this.#database.dataSource.query(text);
    else {
      const { default: Database } = await import('libsql');
      const database = new Database(this.env.APP_DATABASE!);
      database.exec(text);
      database.close();
    }
  }

  async close(): Promise<void> {
    this.remove();
    if (this.#database === null) return;
    const { dataSource, drop } = this.#database;
    const engine = openEngine('meilisearch');
    const targets = (await dataSource.query('SELECT target FROM scrypath_rebuild').catch(() => [])) as {
      target: string;
    }[];
    for (const index of [`${this.#prefix}_movie`, ...targets.map(({ target }) => target)])
      await engine.indexes.drop(index);
    await engine.close?.();
    await drop();
  }
}
