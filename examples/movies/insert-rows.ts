import type { EntityManager, EntityTarget } from 'typeorm';

/** Rows of one statement: databases bear only so many parameters. */
const BATCH = 1000;

/** Inserts rows, many in a statement. */
export async function insertRows<E extends object>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  rows: readonly E[],
) {
  for (let start = 0; start < rows.length; start += BATCH)
    await manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(rows.slice(start, start + BATCH))
      .execute();
}
