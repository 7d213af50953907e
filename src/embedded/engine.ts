import type { IndexInfo } from '../backend/backend.js';
import type { TaskError, TaskRef } from '../backend/task.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { FileLock } from './file-lock.js';
import { DEFAULT_SETTINGS, mergeSettings, readSettings } from './settings.js';
import { openSqlite, type SqliteDatabase, Statements } from './sqlite.js';
import { StoredIndex } from './stored-index.js';
import { TaskFailure, toTaskError, WriteFailure } from './task-failure.js';
import { TaskQueue, type Work } from './task-queue.js';

/** Longest stretch of work, in milliseconds, before other code of the process has its turn. */
const SLICE_MS = 12;
/** Format 1 did not keep the index and the batch of a task, nor the document that it failed for. */
const SCHEMA_VERSION = 2;

/**
 * One database with its indexes and its queue. Tasks are carried out one after another, in slices of a few milliseconds that
 * are transactions of their own, off the caller's stack.
 */
export class Engine {
  readonly queue: TaskQueue;
  private readonly database: SqliteDatabase;
  private readonly statements: Statements;
  private readonly indexes = new Map<string, StoredIndex>();
  private scheduled: NodeJS.Immediate | null = null;
  private current: { readonly id: number; readonly steps: Generator<void> } | null = null;
  private closed = false;
  private lastCreation = 0;
  private readonly lock: FileLock | null;

  constructor(path: string) {
    this.lock = path === ':memory:' ? null : new FileLock(path);
    try {
      this.database = openSqlite(path);
      this.statements = new Statements(this.database);
      if (this.lock !== null) this.prepareFile();
      this.createTables();
    } catch (cause) {
      this.lock?.release();
      throw ScrypathError.is(cause) ? cause : unusableFile(cause);
    }
    this.queue = new TaskQueue(this.statements, this.lock !== null);
    this.readIndexes();
    this.schedule();
  }

  private prepareFile(): void {
    this.pragma('journal_mode = WAL');
    // A crash of the process loses nothing that was accepted; a crash of the machine may lose the last moments.
    this.pragma('synchronous = NORMAL');
  }

  /** By a prepared statement: `exec` does not carry out every pragma. */
  private pragma(setting: string): void {
    this.database.prepare(`PRAGMA ${setting}`).all();
  }

  private createTables(): void {
    const [version] = this.statements.row('PRAGMA user_version') as [number];
    if (version > SCHEMA_VERSION) throw new Error(`The file has format ${version}.`);
    if (version === 1) {
      for (const column of ['index_name', 'batch', 'document'])
        this.database.exec(`ALTER TABLE tasks ADD COLUMN ${column} TEXT`);
    }
    this.database.exec(`
      CREATE TABLE IF NOT EXISTS indexes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
        has_key INTEGER NOT NULL, settings TEXT NOT NULL, fields TEXT NOT NULL, text_table INTEGER NOT NULL
      );
      CREATE TABLE IF NOT EXISTS tasks (
        id INTEGER PRIMARY KEY, work TEXT, status TEXT NOT NULL, code TEXT, message TEXT,
        index_name TEXT, batch TEXT, document TEXT
      );
      PRAGMA user_version = ${SCHEMA_VERSION}`);
  }

  private readIndexes(): void {
    const rows = this.statements
      .of('SELECT id, name, created_at, has_key, settings, fields, text_table FROM indexes')
      .all() as [number, string, string, number, string, string, number][];
    for (const [id, name, createdAt, hasKey, settings, fields, textTable] of rows) {
      this.lastCreation = Math.max(this.lastCreation, Date.parse(createdAt));
      this.indexes.set(
        name,
        new StoredIndex(this.database, this.statements, {
          id,
          createdAt,
          hasKey: hasKey === 1,
          settings: readSettings(settings),
          fields: JSON.parse(fields) as string[],
          textTable,
        }),
      );
    }
  }

  find(name: string): StoredIndex | undefined {
    return this.indexes.get(name);
  }

  infoOf(name: string): IndexInfo | null {
    const index = this.indexes.get(name);
    if (index === undefined) return null;
    return { name, createdAt: index.createdAt, primaryKey: index.hasKey ? KEY_ATTRIBUTE : null };
  }

  accept(work: Work, batch?: string): TaskRef {
    const task = this.queue.accept(work, batch);
    this.schedule();
    return task;
  }

  /** Reads what is derived from an index's tables, giving other code its turn in between. */
  async load(index: StoredIndex): Promise<void> {
    const isThere = () => !this.closed && [...this.indexes.values()].includes(index);
    while (!index.isLoaded && isThere()) {
      runFor(SLICE_MS, index.load());
      if (!index.isLoaded) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private schedule(): void {
    if (this.scheduled !== null || this.closed) return;
    this.scheduled = setImmediate(() => {
      this.scheduled = null;
      this.workForAWhile();
    });
  }

  private workForAWhile(): void {
    const until = performance.now() + SLICE_MS;
    try {
      this.database.exec('BEGIN');
      while (performance.now() < until) {
        const task = this.current ?? this.start();
        if (task === null) break;
        const error = this.advance(task);
        if (error === 'unfinished') continue;
        this.current = null;
        this.queue.end(task.id, error);
      }
      this.database.exec('COMMIT');
    } catch (cause) {
      this.recover(cause);
    }
    this.queue.committed();
    if (!this.queue.isEmpty) this.schedule();
  }

  /** Undoes the slice that failed, fails the task it was in, and forgets what memory says about the tables. */
  private recover(cause: unknown): void {
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // SQLite has undone it already.
    }
    this.queue.rolledBack();
    const failed = this.current ?? this.queue.next();
    this.current = null;
    this.indexes.clear();
    this.readIndexes();
    if (failed !== null) this.queue.giveUp(failed.id, toTaskError(cause));
  }

  private start(): { readonly id: number; readonly steps: Generator<void> } | null {
    const next = this.queue.next();
    if (next === null) return null;
    this.current = { id: next.id, steps: this.carryOut(next.work) };
    return this.current;
  }

  private advance(task: { readonly steps: Generator<void> }): TaskError | null | 'unfinished' {
    try {
      return task.steps.next().done ? null : 'unfinished';
    } catch (error) {
      if (error instanceof TaskFailure && !(error instanceof WriteFailure)) return toTaskError(error);
      throw error;
    }
  }

  private *carryOut(work: Work): Generator<void> {
    switch (work.kind) {
      case 'create':
        if (this.indexes.has(work.index)) {
          throw new TaskFailure('index_already_exists', `Index \`${work.index}\` already exists.`);
        }
        this.createIndex(work.index, true);
        return;
      case 'upsert': {
        const index = yield* this.loadedOrCreated(work.index);
        yield* index.upsert(work.documents);
        index.save();
        return;
      }
      case 'apply': {
        const index = yield* this.loadedOrCreated(work.index);
        const settings = mergeSettings(index.settings, work.settings);
        const { oneTypo, twoTypos } = settings.typoTolerance.minWordSizeForTypos;
        if (oneTypo > twoTypos) {
          const sizes = `words of ${oneTypo} characters may have one typo and words of ${twoTypos} two`;
          throw new TaskFailure('invalid_settings_typo_tolerance', `Index \`${work.index}\`: ${sizes}.`);
        }
        yield* index.apply(settings);
        index.save();
        return;
      }
      case 'remove': {
        const index = yield* this.loaded(this.existing(work.index));
        yield* index.remove(work.keys);
        return;
      }
      case 'swap':
        this.swap(work.index, work.other);
        return;
      case 'drop': {
        const index = this.existing(work.index);
        index.dropTables();
        this.statements.of('DELETE FROM indexes WHERE id = ?').run([index.id]);
        this.indexes.delete(work.index);
      }
    }
  }

  private existing(name: string): StoredIndex {
    const index = this.indexes.get(name);
    if (index === undefined) throw new TaskFailure('index_not_found', `Index \`${name}\` not found.`);
    return index;
  }

  private *loaded(index: StoredIndex): Generator<void, StoredIndex> {
    while (!index.isLoaded) {
      index.load().next();
      yield;
    }
    return index;
  }

  private *loadedOrCreated(name: string): Generator<void, StoredIndex> {
    const index = this.indexes.get(name);
    return index === undefined ? this.createIndex(name, false) : yield* this.loaded(index);
  }

  private createIndex(name: string, hasKey: boolean): StoredIndex {
    const createdAt = this.creationTime();
    const [id] = this.statements.row(
      'INSERT INTO indexes (name, created_at, has_key, settings, fields, text_table) VALUES (?, ?, ?, ?, ?, 0) RETURNING id',
      [name, createdAt, hasKey ? 1 : 0, JSON.stringify(DEFAULT_SETTINGS), '[]'],
    ) as [number];
    const index = new StoredIndex(this.database, this.statements, {
      id,
      createdAt,
      hasKey,
      settings: DEFAULT_SETTINGS,
      fields: [],
      textTable: 0,
    });
    index.createTables();
    this.indexes.set(name, index);
    return index;
  }

  /** Later than any before it: an index that takes the place of a dropped one is told from it by this time. */
  private creationTime(): string {
    this.lastCreation = Math.max(Date.now(), this.lastCreation + 1);
    return new Date(this.lastCreation).toISOString();
  }

  private swap(left: string, right: string): void {
    const leftIndex = this.indexes.get(left);
    const rightIndex = this.indexes.get(right);
    if (leftIndex === undefined || rightIndex === undefined) {
      const missing = [left, right].filter((name) => !this.indexes.has(name)).map((name) => `\`${name}\``);
      const indexes = missing.length === 1 ? 'Index' : 'Indexes';
      throw new TaskFailure('index_not_found', `${indexes} ${missing.sort().join(', ')} not found.`);
    }
    const rename = this.statements.of('UPDATE indexes SET name = ? WHERE id = ?');
    rename.run(['', leftIndex.id]);
    rename.run([left, rightIndex.id]);
    rename.run([right, leftIndex.id]);
    this.indexes.set(left, rightIndex);
    this.indexes.set(right, leftIndex);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.scheduled !== null) clearImmediate(this.scheduled);
    if (this.lock !== null) this.pragma('wal_checkpoint(TRUNCATE)');
    // The connection is open until its statements are collected as garbage; the lock is given back now.
    this.statements.clear();
    this.database.close();
    this.lock?.release();
  }
}

function runFor(milliseconds: number, steps: Generator<void>): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) if (steps.next().done) return;
}

const unusableFile = (cause: unknown): ScrypathError =>
  new ScrypathError({
    code: 'BACKEND_BROKEN',
    happened: 'The file of the embedded search engine cannot be used.',
    remedy: 'Give another path, or delete the file and index again.',
    cause,
  });
