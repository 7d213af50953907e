import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';

/** Rows in one answer. */
const ROWS = 5_000;

/** Ids of rows of these keys that are due, by the names of their entities; a part of them where they are many. */
export async function dueRowsOf(
  queryRunner: QueryRunner,
  keys: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  if (keys.size === 0) return [];
  const { records } = await run<{ id: string }>(queryRunner, (s) =>
    [...keys]
      .map(
        ([entity, recordKeys]) =>
          `SELECT * FROM (SELECT id FROM ${s.tables.outbox} WHERE entity = ${s.value(entity)}
           AND ${s.isIn('record_key', recordKeys)} AND state IN ('enqueued', 'retrying')
           AND due_at <= ${s.dialect.nowMs} LIMIT ${ROWS}) AS due_rows`,
      )
      .join(' UNION ALL '),
  );
  return records.map(({ id }) => id);
}
