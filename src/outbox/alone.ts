import type { QueryRunner } from 'typeorm';
import { dialectOf } from './dialect.js';

/** What processes do one after the other. Any numbers do, as long as they stay the same. */
const POSTGRES_LOCKS = { outbox: 7_239_104_611, triggers: 7_239_104_612 } as const;
const MYSQL_LOCK_SECONDS = 60;

/**
 * Keeps processes apart that change the same part of the schema: CREATE TABLE IF NOT EXISTS of two of them fails in one. In
 * one transaction where DDL takes part in it, so that no write falls between a drop and its create.
 */
export async function alone<T>(
  queryRunner: QueryRunner,
  part: keyof typeof POSTGRES_LOCKS,
  act: () => Promise<T>,
): Promise<T> {
  const { family } = dialectOf(queryRunner.dataSource);
  if (family === 'mysql') {
    // No transaction: here a CREATE TABLE commits.
    const lock = `concat('scrypath_${part}:', md5(database()))`;
    await queryRunner.query(`SELECT get_lock(${lock}, ${MYSQL_LOCK_SECONDS})`);
    try {
      return await act();
    } finally {
      await queryRunner.query(`SELECT release_lock(${lock})`);
    }
  }
  if (queryRunner.isTransactionActive) return act();
  await queryRunner.startTransaction();
  try {
    if (family === 'postgres') await queryRunner.query(`SELECT pg_advisory_xact_lock(${POSTGRES_LOCKS[part]})`);
    const done = await act();
    await queryRunner.commitTransaction();
    return done;
  } catch (error) {
    await queryRunner.rollbackTransaction();
    throw error;
  }
}
