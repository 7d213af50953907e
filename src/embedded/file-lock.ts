import { ScrypathError } from '../errors/scrypath-error.js';
import { openSqlite, type SqliteDatabase } from './sqlite.js';

/**
 * Keeps other processes, and other copies of this package, away from a file: what an engine holds in memory is true only
 * as long as nobody else writes. The lock is a transaction on an empty database beside the file, which the operating system
 * ends with the process. A lock on the file itself would outlive its engine: a connection stays open until its statements
 * are collected as garbage, and this one has none.
 */
export class FileLock {
  private readonly database: SqliteDatabase;

  /** @throws ScrypathError `BACKEND_BUSY` when the lock is taken */
  constructor(path: string) {
    this.database = openSqlite(`${path}-lock`);
    try {
      this.database.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      this.database.close();
      throw new ScrypathError({
        code: 'BACKEND_BUSY',
        happened: 'The file of the embedded search engine is in use by another process.',
        remedy: 'One process at a time can open it: close the other one, or give this one a file of its own.',
        cause,
      });
    }
  }

  release(): void {
    this.database.close();
  }
}
