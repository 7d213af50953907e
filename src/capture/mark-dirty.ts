import type { EntityManager, FindOptionsWhere, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { tablesOf } from '../outbox/attach.js';
import type { CommittedMarks } from '../outbox/commit-watch.js';
import { dialectOf } from '../outbox/dialect.js';
import { newToken } from '../outbox/mark-id.js';
import { storedKeySql } from '../outbox/stored-key-sql.js';

/** Which rows: conditions as `find` takes them, or a function that narrows a query whose alias is the entity's name. */
export type DirtyRows<E extends ObjectLiteral = ObjectLiteral> =
  | FindOptionsWhere<E>
  | FindOptionsWhere<E>[]
  | ((query: SelectQueryBuilder<E>) => unknown);

/**
 * Marks the records of the rows that match, by one INSERT … SELECT, soft-deleted rows among them. On a manager with a
 * transaction the marks are committed and rolled back with it.
 * @returns the token of the marks, and how many there are
 * @throws ScrypathError `OPTION_INVALID` where no condition is given, `OUTBOX_MISSING`; `KEY_INVALID` for a primary key of a
 * type that SQL cannot write as a key; and whatever TypeORM and the database throw
 */
export async function markDirty<E extends ObjectLiteral>(
  metadata: SearchMetadata,
  rows: DirtyRows<E>,
  manager: EntityManager,
): Promise<CommittedMarks> {
  const conditions: readonly object[] = typeof rows === 'function' ? [rows] : Array.isArray(rows) ? rows : [rows];
  const isEmpty = (where: object) => typeof where === 'object' && Object.keys(where).length === 0;
  if (conditions.length === 0 || conditions.some(isEmpty)) throw noCondition(metadata);
  return insertSelected<E>(metadata, manager, (query) => {
    if (typeof rows === 'function') rows(query);
    else query.setFindOptions({ where: rows, withDeleted: true, loadEagerRelations: false });
  });
}

/**
 * Marks the records of all rows, soft-deleted ones among them, by one INSERT … SELECT. Documents without a row are not
 * found so. As {@link markDirty} else.
 */
export const markAllDirty = (metadata: SearchMetadata, manager: EntityManager): Promise<CommittedMarks> =>
  insertSelected(metadata, manager, () => undefined);

async function insertSelected<E extends ObjectLiteral>(
  metadata: SearchMetadata,
  manager: EntityManager,
  narrow: (query: SelectQueryBuilder<E>) => void,
): Promise<CommittedMarks> {
  const { dataSource } = manager;
  const entity = dataSource.getMetadata(metadata.target);
  const { driver } = dataSource;
  const query = manager.createQueryBuilder<E>(entity.target as never, entity.name).withDeleted();
  narrow(query);
  // Only now, as conditions may have chosen columns of their own.
  const [selected, parameters] = query
    .select(storedKeySql(entity, driver.escape(entity.name)), 'record_key')
    .orderBy()
    .getQueryAndParameters();
  const { idWith, nowMs } = dialectOf(dataSource);
  const token = newToken();
  const columns = ['id', 'entity', 'record_key', 'cause', 'created_at'].map((name) => driver.escape(name));
  const sql =
    `INSERT INTO ${tablesOf(dataSource).outbox} (${columns.join(', ')}) ` +
    `SELECT ${idWith(`'${token}'`)}, '${metadata.entity.replaceAll("'", "''")}', record_key, 'verb', ${nowMs} ` +
    `FROM (SELECT DISTINCT record_key FROM (${selected}) selected) marked`;
  const runner = manager.queryRunner ?? dataSource.createQueryRunner('master');
  try {
    const { affected } = await runner.query(sql, parameters, true);
    return { token, count: affected ?? 0 };
  } finally {
    if (runner !== manager.queryRunner) await runner.release();
  }
}

const noCondition = ({ entity }: SearchMetadata) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `Rows of ${entity} were to be marked dirty, and no condition says which.`,
    remedy: 'Give a condition, or mark all of them with markAllDirty().',
  });
