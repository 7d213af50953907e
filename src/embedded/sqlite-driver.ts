import { existsSync } from 'node:fs';
import { types } from 'node:util';
import { ScrypathError } from '../errors/scrypath-error.js';
import { boundValues, type ParameterNames, parametersOf, type SqliteValue } from './sqlite-parameters.js';

/** A SQLite database, with the interface of better-sqlite3 as far as `libsql` has it. */
export interface LibsqlDatabase {
  readonly open: boolean;
  readonly readonly: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): LibsqlStatement;
  exec(sql: string): unknown;
  pragma(source: string, options?: { readonly simple?: boolean }): unknown;
  close(): unknown;
}

/** Values are given one by one, in an array, or by name in an object. */
export interface LibsqlStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  run(...values: unknown[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  iterate(...values: unknown[]): IterableIterator<unknown>;
  /** Makes rows arrays of values. */
  raw(enabled?: boolean): this;
  /** Makes rows the value of their first column. */
  pluck(enabled?: boolean): this;
  /** Makes integers of rows bigints. */
  safeIntegers(enabled?: boolean): this;
  columns(): unknown[];
}

/** The class to give to TypeORM as `driver`. */
export type LibsqlDriver = new (path: string, options?: LibsqlDriverOptions) => LibsqlDatabase;

/** What TypeORM's options of the same names become. Others of better-sqlite3 (`verbose`, `nativeBinding`) have no effect. */
export interface LibsqlDriverOptions {
  /** Refuses a file that does not exist, instead of creating it. */
  readonly fileMustExist?: boolean;
  /** As `fileMustExist`, and statements that write are refused. */
  readonly readonly?: boolean;
  /** Milliseconds to wait for a lock of another connection; default 0. TypeORM gives 5 000. */
  readonly timeout?: number;
}

/** What is used of `libsql`. */
interface NativeStatement {
  readonly reader: boolean;
  run(values: readonly SqliteValue[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  all(values: readonly SqliteValue[]): unknown[];
  iterate(values: readonly SqliteValue[]): IterableIterator<unknown>;
  raw(enabled: boolean): unknown;
  safeIntegers(enabled: boolean): unknown;
  columns(): unknown[];
}
type NativeDatabase = Omit<LibsqlDatabase, 'prepare'> & { prepare(sql: string): NativeStatement };
type NativeDriver = new (path: string, options: LibsqlDriverOptions) => NativeDatabase;

let driver: LibsqlDriver | undefined;

/**
 * SQLite for TypeORM, prebuilt: the package `libsql`, which must be installed, behind the interface that TypeORM expects
 * of better-sqlite3. `libsql` given to TypeORM as it is fails where the one parameter of a statement is null, and ends
 * the process where it is a Buffer or an object. Here each value is bound as better-sqlite3 and TypeORM would: booleans
 * as 0 and 1, dates as text in UTC, undefined as null; what cannot be stored is a TypeError. Blobs are read as Buffers.
 * @throws ScrypathError `PEER_MISSING`
 * @example
 * const dataSource = new DataSource({
 *   type: 'better-sqlite3',
 *   driver: libsqlDriver(),
 *   database: ':memory:',
 *   entities: [Movie, Director],
 * });
 */
export function libsqlDriver(): LibsqlDriver {
  driver ??= driverOver(loadLibsql());
  return driver;
}

function loadLibsql(): NativeDriver {
  try {
    return require('libsql') as NativeDriver;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The SQLite driver needs the package "libsql", which is not installed.',
      remedy: 'Install it: npm install libsql.',
      cause,
    });
  }
}

const driverOver = (Libsql: NativeDriver): LibsqlDriver =>
  class extends Libsql {
    constructor(path: string, options: LibsqlDriverOptions = {}) {
      const { readonly = false, fileMustExist = false } = options;
      if ((fileMustExist || readonly) && path !== ':memory:' && !existsSync(path))
        throw new Error(`unable to open database file: ${path} does not exist`);
      super(path, options);
      // `libsql` opens every file for writing.
      if (readonly) this.pragma('query_only = ON');
    }

    override prepare(sql: string): LibsqlStatement {
      return new Statement(super.prepare(sql), sql);
    }
  };

class Statement implements LibsqlStatement {
  private shape: 'object' | 'array' | 'value' = 'object';
  private parameters: ParameterNames | undefined;

  constructor(
    private readonly native: NativeStatement,
    readonly source: string,
  ) {}

  get reader(): boolean {
    return this.native.reader;
  }

  run(...values: unknown[]) {
    return this.native.run(this.bound(values));
  }

  /** By `all`: the `get` of `libsql` adds a property to the row, and does not pluck. */
  get(...values: unknown[]): unknown {
    return this.all(...values)[0];
  }

  all(...values: unknown[]): unknown[] {
    return this.native.all(this.bound(values)).map((row) => this.shaped(row));
  }

  iterate(...values: unknown[]): IterableIterator<unknown> {
    return this.rowsOf(this.native.iterate(this.bound(values)));
  }

  raw(enabled = true): this {
    return this.as(enabled ? 'array' : 'object');
  }

  pluck(enabled = true): this {
    return this.as(enabled ? 'value' : 'object');
  }

  safeIntegers(enabled = true): this {
    this.native.safeIntegers(enabled);
    return this;
  }

  columns(): unknown[] {
    return this.native.columns();
  }

  /** One array, always: alone, any other object would be taken for named parameters. */
  private bound(given: readonly unknown[]): SqliteValue[] {
    this.parameters ??= parametersOf(this.source);
    return boundValues(this.parameters, given);
  }

  private as(shape: Statement['shape']): this {
    this.shape = shape;
    // Of `PRAGMA foreign_keys = ON` there is no row, which is no reason for `pragma(…, { simple: true })` to fail.
    if (this.native.reader) this.native.raw(shape !== 'object');
    return this;
  }

  private shaped(row: unknown): unknown {
    if (this.shape === 'value') return (row as readonly unknown[])[0];
    if (this.shape === 'object') {
      const values = row as Record<string, unknown>;
      for (const name in values) {
        const value = values[name];
        // In objects, and nowhere else, `libsql` gives blobs as ArrayBuffers.
        if (typeof value === 'object' && types.isAnyArrayBuffer(value)) values[name] = Buffer.from(value);
      }
    }
    return row;
  }

  private *rowsOf(rows: IterableIterator<unknown>): IterableIterator<unknown> {
    try {
      for (const row of rows) yield this.shaped(row);
    } finally {
      // Left early, the statement would keep its read lock on the file, and `libsql` has no other way to end it.
      while (rows.next().done !== true);
    }
  }
}
