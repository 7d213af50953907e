import { tablesOf } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { type Answer, captureSteps, type StepsOf } from './capture-steps.js';
import type { Row } from './mark-rows.js';
import { render, type Sql } from './statement-text.js';
import type { WriteBuilder } from './write-builder.js';

/** A connection of better-sqlite3, or of a package that has its shape. */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

interface SqliteStatement {
  readonly reader: boolean;
  all(...parameters: unknown[]): Row[];
  run(...parameters: unknown[]): { readonly changes: number; readonly lastInsertRowid: unknown };
}

/** What a turn has done. */
export interface Turn {
  /** What `run` of the builder's own statement would have told. */
  readonly result: { readonly changes: number; readonly lastInsertRowid: unknown };
  /** Keys that are still to be marked. */
  readonly keys: readonly DirtyKey[];
  /** Marks that were written. */
  readonly count: number;
  readonly unresolved: boolean;
}

const SAVEPOINT = 'scrypath_capture';

/**
 * Runs the steps of a captured write in one turn of the program. There is one connection for all of it: whatever else
 * waits for its own turn would else join the transaction around the steps, and be undone with it.
 * @param marks whether the keys are marked here, as no transaction will do it
 */
export function inOneTurn(connection: SqliteConnection, builder: WriteBuilder, of: StepsOf, marks: boolean): Turn {
  // Outside of a transaction a savepoint is one.
  connection.exec(`SAVEPOINT ${SAVEPOINT}`);
  try {
    const turn = runSteps(connection, builder, of);
    const count = marks ? turn.count + markAll(connection, builder, turn.keys, of.token) : turn.count;
    connection.exec(`RELEASE ${SAVEPOINT}`);
    return { ...turn, count };
  } catch (error) {
    connection.exec(`ROLLBACK TO ${SAVEPOINT}`);
    connection.exec(`RELEASE ${SAVEPOINT}`);
    throw error;
  }
}

function runSteps(connection: SqliteConnection, builder: WriteBuilder, of: StepsOf): Turn {
  const steps = captureSteps(of);
  let result: Turn['result'] = { changes: 0, lastInsertRowid: 0 };
  let count = 0;
  let next = steps.next();
  while (!next.done) {
    const { does, pieces } = next.value;
    const sent = send(connection, render(builder, pieces));
    if (does === 'write') result = { changes: sent.answer.affected, lastInsertRowid: sent.lastInsertRowid };
    if (does === 'marks') count += sent.answer.affected;
    next = steps.next(sent.answer);
  }
  const { keys, unresolved } = next.value;
  return { result, keys, count, unresolved };
}

function send(connection: SqliteConnection, { sql, parameters }: Sql): { answer: Answer; lastInsertRowid: unknown } {
  const statement = connection.prepare(sql);
  const values = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  if (!statement.reader) {
    const { changes, lastInsertRowid } = statement.run(...values);
    return { answer: { rows: [], affected: changes }, lastInsertRowid };
  }
  const rows = statement.all(...values);
  const [told] = connection.prepare('SELECT changes() AS changes, last_insert_rowid() AS id').all();
  return { answer: { rows, affected: Number(told!.changes) }, lastInsertRowid: told!.id };
}

/** One statement for any number of keys, each once. */
function markAll(
  connection: SqliteConnection,
  { dataSource }: WriteBuilder,
  keys: readonly DirtyKey[],
  token: string,
): number {
  if (keys.length === 0) return 0;
  const { idWith, nowMs } = dialectOf(dataSource);
  const columns = ['id', 'entity', 'record_key', 'cause', 'created_at'].map((name) => dataSource.driver.escape(name));
  const statement = connection.prepare(
    `INSERT INTO ${tablesOf(dataSource).outbox} (${columns.join(', ')}) ` +
      `SELECT ${idWith(`'${token}'`)}, value ->> 0, value ->> 1, 'write', ${nowMs} FROM (SELECT DISTINCT value FROM json_each(?))`,
  );
  return statement.run(JSON.stringify(keys.map(({ entity, recordKey }) => [entity, recordKey]))).changes;
}
