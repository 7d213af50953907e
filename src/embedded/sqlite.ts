import { ScrypathError } from '../errors/scrypath-error.js';

/** What this engine uses of the `libsql` package, whose interface is that of better-sqlite3. */
export interface Statement {
  run(parameters?: readonly unknown[]): { readonly changes: number };
  all(parameters?: readonly unknown[]): unknown[];
  /** Makes rows arrays of values. */
  raw(enabled?: boolean): Statement;
}

export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

type DatabaseClass = new (path: string, options?: { readonly timeout?: number }) => SqliteDatabase;

/** Opens a database in memory (`':memory:'`) or in a file. Throws `PEER_MISSING` where `libsql` is not installed. */
export function openSqlite(path: string): SqliteDatabase {
  const Database = loadLibsql();
  try {
    return new Database(path);
  } catch (cause) {
    throw new ScrypathError({
      code: 'BACKEND_UNREACHABLE',
      happened: `The file of the embedded search engine cannot be opened.`,
      remedy: 'Give a path in a directory that exists and that this process may write to.',
      cause,
    });
  }
}

function loadLibsql(): DatabaseClass {
  try {
    const loaded = require('libsql') as DatabaseClass | { readonly default: DatabaseClass };
    return typeof loaded === 'function' ? loaded : loaded.default;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The embedded search engine needs the package "libsql", which is not installed.',
      remedy: 'Install it: npm install libsql.',
      cause,
    });
  }
}

/** Statements are prepared once per text; SQL text here is made of constants and numbers only, never of a caller's value. */
export class Statements {
  private readonly prepared = new Map<string, Statement>();

  constructor(private readonly database: SqliteDatabase) {}

  of(sql: string): Statement {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      if (/^(?:SELECT|PRAGMA)|RETURNING/.test(sql)) statement.raw();
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  clear(): void {
    this.prepared.clear();
  }

  /** The one row of a query. Not by `get`, which leaves the statement, and with it a read lock, open. */
  row(sql: string, parameters: readonly unknown[] = []): unknown {
    return this.of(sql).all(parameters)[0];
  }

  /** Forgets the statements that name `table`, which is about to be dropped. */
  forget(table: string): void {
    for (const sql of this.prepared.keys()) if (sql.includes(table)) this.prepared.delete(sql);
  }
}
