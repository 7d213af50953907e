import type { EntityManager } from 'typeorm';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import { dialectOf } from '../outbox/dialect.js';
import { documentKeyOf } from '../outbox/stored-key.js';
import { inHalves, isOfDatabase } from '../records/in-halves.js';
import { readRecords } from '../records/record-reader.js';
import type { DirtyRow } from './dirty-row.js';
import { isOfData } from './failure.js';
import type { DocumentWork } from './work.js';

/** What one key's document shall be. */
export interface Change {
  readonly key: DocumentKey;
  /** Null where the document is to be removed. */
  readonly document: SearchDocument | null;
  readonly rows: readonly DirtyRow[];
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Records that cannot become documents. */
  readonly failed: readonly { readonly rows: readonly DirtyRow[]; readonly error: unknown }[];
  /** Keys that the database answered with, where it was asked for another spelling of them. */
  readonly spelledOtherwise: readonly DocumentKey[];
}

/**
 * How records are read. `plain` rejects where the database refuses a key; `careful` finds out which, and costs more.
 */
export type Reading = 'plain' | 'careful';

/** Reads where the database may refuse what it is asked for: on PostgreSQL that would be the end of the transaction. */
export async function inSavepoint<T>(manager: EntityManager, reading: Reading, read: () => Promise<T>): Promise<T> {
  if (reading === 'plain' || dialectOf(manager.dataSource).family !== 'postgres') return read();
  await manager.query('SAVEPOINT scrypath_read');
  try {
    const answer = await read();
    await manager.query('RELEASE SAVEPOINT scrypath_read');
    return answer;
  } catch (error) {
    // Whatever it is: the application's code may hide that it was the database.
    await manager.query('ROLLBACK TO SAVEPOINT scrypath_read');
    throw error;
  }
}

/** Reads the records of the rows again, and projects them. */
export async function readChanges(
  manager: EntityManager,
  { metadata, projection }: DocumentWork,
  rows: readonly DirtyRow[],
  reading: Reading,
): Promise<Changes> {
  const failed: { rows: readonly DirtyRow[]; error: unknown }[] = [];
  const byKey = new Map<DocumentKey, DirtyRow[]>();
  for (const row of rows) {
    try {
      const key = documentKeyOf(row.recordKey, metadata.keyFields.length);
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [row]);
      else known.push(row);
    } catch (error) {
      failed.push({ rows: [row], error });
    }
  }
  const unreadable = new Map<DocumentKey, unknown>();
  const records = new Map<DocumentKey, object>();
  await inHalves(
    [...byKey.keys()],
    async (keys) => {
      const read = await inSavepoint(manager, reading, () => readRecords(manager, metadata, keys));
      for (const [key, record] of read) records.set(key, record);
    },
    (error) => isOfDatabase(error) && !(reading === 'careful' && isOfData(error)),
    (key, error) => unreadable.set(key, error),
  );
  const changes: Change[] = [];
  for (const [key, rowsOfKey] of byKey) {
    const record = records.get(key);
    if (unreadable.has(key)) {
      failed.push({ rows: rowsOfKey, error: unreadable.get(key) });
      continue;
    }
    try {
      const document = record !== undefined && projection.eligible(record) ? projection.stored(record) : null;
      changes.push({ key, document, rows: rowsOfKey });
    } catch (error) {
      failed.push({ rows: rowsOfKey, error });
    }
  }
  return { changes, failed, spelledOtherwise: [...records.keys()].filter((key) => !byKey.has(key)) };
}
