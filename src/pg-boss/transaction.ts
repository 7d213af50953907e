import type { Db } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';

/**
 * What pg-boss works through to join the manager's transaction; null where the manager has no connection of its own, and so
 * no transaction.
 * @throws ScrypathError `OPTION_INVALID` where the manager's database is no PostgreSQL
 */
export function connectionOf({ dataSource, queryRunner }: EntityManager): Db | null {
  const { type } = dataSource.options;
  if (type !== 'postgres')
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `pg-boss cannot join a transaction of a DataSource of type "${type}".`,
      remedy: 'Keep the entities in the PostgreSQL database that pg-boss works in, or use another queue.',
    });
  if (!queryRunner) return null;
  return {
    // The raw result: `manager.query` answers an UPDATE … RETURNING with rows and their number, which pg-boss misreads.
    executeSql: async (text, values) => ({ rows: (await queryRunner.query(text, values, true)).records ?? [] }),
  };
}
