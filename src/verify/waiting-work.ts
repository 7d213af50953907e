import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { run } from '../outbox/statement.js';
import { documentKeyOf, storedKeyOf } from '../outbox/stored-key.js';

/** Work of the outbox that has not ended. What was given up is not among it. */
export interface WaitingWork {
  /** Those of the keys that were asked for that are dirty. */
  readonly keys: ReadonlySet<DocumentKey>;
  /** Whether rows of other tables are dirty that may be in any document. */
  readonly dependencies: boolean;
}

export const NO_WORK: WaitingWork = { keys: new Set(), dependencies: false };

/**
 * What waits for the keys now.
 * @param dependencies what the outbox's column `entity` says of rows that documents of the entity hold
 */
export async function waitingWork(
  queryRunner: QueryRunner,
  { entity, keyFields }: SearchMetadata,
  dependencies: readonly string[],
  keys: readonly DocumentKey[],
): Promise<WaitingWork> {
  const recordKeys = keys.flatMap(recordKeysOf);
  const { records } = await run<{ recordKey: string }>(
    queryRunner,
    (s) =>
      `SELECT DISTINCT record_key AS ${s.dataSource.driver.escape('recordKey')} FROM ${s.tables.outbox}
       WHERE entity = ${s.value(entity)} AND ${s.isIn('record_key', recordKeys)} AND state <> 'discarded'`,
  );
  return {
    keys: new Set(records.map(({ recordKey }) => documentKeyOf(recordKey, keyFields.length))),
    dependencies: dependencies.length > 0 && (await isAnyWaiting(queryRunner, dependencies)),
  };
}

async function isAnyWaiting(queryRunner: QueryRunner, entities: readonly string[]): Promise<boolean> {
  const { records } = await run(
    queryRunner,
    (s) =>
      `SELECT 1 AS waits FROM ${s.tables.outbox} WHERE ${s.isIn('entity', entities)} AND state <> 'discarded' LIMIT 1`,
  );
  return records.length > 0;
}

/** A document that somebody else wrote may have a key that no row of the outbox can have. */
function recordKeysOf(key: DocumentKey): readonly string[] {
  try {
    return [storedKeyOf(key)];
  } catch {
    return [];
  }
}
