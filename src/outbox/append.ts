import type { EntityManager } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { tablesOf } from './attach.js';
import { dialectOf, placeholders } from './dialect.js';
import { markIds, newToken } from './mark-id.js';
import { type Cause, type DirtyKey, ENTITY_MAX_LENGTH, type Mark, RECORD_KEY_MAX_LENGTH } from './outbox-row.js';

/** Rows a statement: three parameters each, where SQLite takes 32,766 and PostgreSQL takes three in all. */
const ROWS_PER_STATEMENT = 1000;

/**
 * Marks keys dirty on the manager's connection: they are committed and rolled back with its transaction; without one, each
 * statement is committed at once. A key given twice in one call is marked once; against the table nothing is compared,
 * since a row that is there may already be on its way with the state before this transaction.
 * @param token what the ids of the rows begin with, as `newToken` makes it: one for a transaction
 * @returns the marks made, sorted by entity and key
 * @throws ScrypathError `OUTBOX_MISSING`, `KEY_INVALID`; and whatever the database throws
 */
export async function append(
  manager: EntityManager,
  keys: Iterable<DirtyKey>,
  cause: Cause,
  token: string = newToken(),
): Promise<readonly Mark[]> {
  const { outbox } = tablesOf(manager.dataSource);
  const nextId = markIds(token);
  const marks = distinctSorted(keys).map((key) => ({ id: nextId(), ...key }));
  for (let start = 0; start < marks.length; start += ROWS_PER_STATEMENT)
    await manager.query(...insertStatement(manager, outbox, marks.slice(start, start + ROWS_PER_STATEMENT), cause));
  return marks;
}

function distinctSorted(keys: Iterable<DirtyKey>): DirtyKey[] {
  const distinct = new Map<string, DirtyKey>();
  for (const { entity, recordKey } of keys) {
    if (entity.length > ENTITY_MAX_LENGTH || recordKey.length > RECORD_KEY_MAX_LENGTH)
      throw new ScrypathError({
        code: 'KEY_INVALID',
        happened: `The name of an entity takes at most ${ENTITY_MAX_LENGTH} characters in the outbox, a key ${RECORD_KEY_MAX_LENGTH}.`,
      });
    distinct.set(`${entity}\0${recordKey}`, { entity, recordKey });
  }
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/** One INSERT, as raw SQL: no entity events, nothing returned, and no subscriber that marks the marks. */
function insertStatement(
  { dataSource }: EntityManager,
  outbox: string,
  marks: readonly Mark[],
  cause: Cause,
): [sql: string, parameters: unknown[]] {
  const { family, nowMs } = dialectOf(dataSource);
  const into = `INSERT INTO ${outbox} (${INSERTED.map((name) => dataSource.driver.escape(name)).join(', ')})`;
  if (family === 'postgres') {
    // Three arrays: one statement text for any number of rows.
    return [
      `${into} SELECT id, entity, record_key, $4, ${nowMs} FROM unnest($1::text[], $2::text[], $3::text[]) AS mark(id, entity, record_key)`,
      [marks.map(({ id }) => id), marks.map(({ entity }) => entity), marks.map(({ recordKey }) => recordKey), cause],
    ];
  }
  // The cause is one of our words, never input.
  const rows = marks.map((_, at) => `(${placeholders(dataSource, 3, 3 * at)}, '${cause}', ${nowMs})`);
  return [`${into} VALUES ${rows.join(', ')}`, marks.flatMap(({ id, entity, recordKey }) => [id, entity, recordKey])];
}

const INSERTED = ['id', 'entity', 'record_key', 'cause', 'created_at'] as const;
