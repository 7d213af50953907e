import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';

/** Ids of rows that were given up, the oldest first. @param names what the outbox's column `entity` says of them */
export async function discardedIds(
  queryRunner: QueryRunner,
  names: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  // By shard, since the index begins with it.
  const { records } = await run<{ id: string }>(
    queryRunner,
    (s) =>
      `SELECT given_up.id FROM ${s.tables.shard} each_shard JOIN ${s.tables.outbox} given_up
       ON given_up.shard = each_shard.shard AND given_up.state = 'discarded'
       WHERE ${s.isIn('given_up.entity', names)} ORDER BY given_up.id LIMIT ${limit}`,
  );
  return records.map(({ id }) => id);
}
