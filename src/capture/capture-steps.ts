import type { MarkRule } from '../fan-out/mark-rule.js';
import { dialectOf } from '../outbox/dialect.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { keysOfIdentifiers } from './known-keys.js';
import { columnsRead, inRow, insertMarks, keyColumns, keysIn, lookedUp, OURS, type Row } from './mark-rows.js';
import type { NeededMarks } from './needed-marks.js';
import {
  conflictsBySql,
  countedColumn,
  primaryKeyColumns,
  qualifierOf,
  tableSql,
  uniqueGroups,
  whereKeyIn,
  whereUnique,
} from './row-filter.js';
import { own, type Piece, type StatementText } from './statement-text.js';
import type { BuilderWrite } from './write-builder.js';

/** One statement of a captured write. */
export interface Step {
  /** `read` for keys, `marks` that SQL writes, or the `write` itself. */
  readonly does: 'read' | 'marks' | 'write';
  readonly pieces: readonly Piece[];
}

/** What a step has brought. */
export interface Answer {
  readonly rows: readonly Row[];
  readonly affected: number;
  /** The first id that an insert generated, where the driver tells. */
  readonly insertId?: number;
}

/** A write, and what its statements are made of. */
export interface StepsOf {
  readonly write: BuilderWrite;
  readonly needed: NeededMarks;
  readonly text: StatementText;
  readonly token: string;
  /** What stands before the columns of the written table in RETURNING. */
  readonly qualifier: string;
  /** Whether the database returns rows of such a write. */
  readonly returns: boolean;
}

type Steps<T> = Generator<Step, T, Answer>;

/** What the steps know in the end: keys to mark, or that some cannot be known. */
export interface Captured {
  readonly keys: readonly DirtyKey[];
  readonly unresolved: boolean;
}

/**
 * The statements of a captured write, in their order, for whoever runs them inside one transaction: asynchronously, or
 * on SQLite in one turn.
 */
export function captureSteps(of: StepsOf): Steps<Captured> {
  switch (of.write.kind) {
    case 'insert':
      return insertSteps(of);
    case 'update':
      return updateSteps(of);
    case 'delete':
      return deleteSteps(of);
  }
}

function* insertSteps(of: StepsOf): Steps<Captured> {
  const { write, needed, returns } = of;
  const { table } = write;
  const keys: DirtyKey[] = [];
  let unresolved = false;
  if (needed.before.length > 0) {
    const groups = uniqueGroups(table);
    const { where } = whereUnique(write, groups);
    unresolved = conflictsBySql(write, groups);
    if (where !== null) {
      const { rows } = yield read(of, keyColumns(inRow(needed.before), qualifierOf(table)), [where], true);
      keys.push(...keysIn(inRow(needed.before), rows));
      yield* markLookedUp(of, needed.before, [where]);
    }
  }
  const direct = inRow(needed.after);
  const keyOfRow = lookedUp(needed.after).length > 0 ? primaryKeyColumns(table, of.qualifier) : [];
  const returning = [...keyColumns(direct, of.qualifier), ...keyOfRow, ...countedColumn(table, of.qualifier)];
  const answer = yield writing(of, null, returns ? returning : []);
  if (returns) keys.push(...keysIn(direct, answer.rows));
  else unresolved ||= !(yield* insertedKeys(of, answer, keys));
  if (lookedUp(needed.after).length > 0 && returns)
    yield* markLookedUp(of, needed.after, [whereKeyIn(table, answer.rows)]);
  return { keys, unresolved };
}

/** The keys of inserted rows, where the database returns none: by the columns that tell them from others. */
function* insertedKeys({ write, needed, ...of }: StepsOf, { insertId }: Answer, keys: DirtyKey[]): Steps<boolean> {
  if (write.fromSelect) return false;
  const generated = write.table.generatedColumns.find(({ generationStrategy }) => generationStrategy === 'increment');
  const counts = generated !== undefined && insertId !== undefined && write.onConflict === 'fail';
  const values = write.values.map((row, at) => ({
    ...(counts ? generated.createValueMap(insertId + at) : {}),
    ...write.generated[at],
    ...defined(row),
  }));
  const { where, unknown } = whereUnique({ table: write.table, values }, uniqueGroups(write.table));
  if (where === null || unknown) return false;
  const direct = inRow(needed.after);
  const all = { ...of, write, needed };
  const { rows } = yield read(all, keyColumns(direct, qualifierOf(write.table)), [where], false);
  keys.push(...keysIn(direct, rows));
  yield* markLookedUp(all, needed.after, [where]);
  return true;
}

const defined = (row: object) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

function* updateSteps(of: StepsOf): Steps<Captured> {
  const { write, needed, text, returns } = of;
  const { table } = write;
  const { family } = dialectOf(table.dataSource);
  const known = returns ? null : keysOfIdentifiers(needed, write);
  if (known !== null) {
    yield writing(of, null, []);
    return { keys: known, unresolved: false };
  }
  const moved = new Set(needed.before);
  // What returns rows tells the keys after the write; all others are read before it.
  const early = returns ? needed.before : [...needed.before, ...needed.after.filter((rule) => !moved.has(rule))];
  const late = returns ? needed.after : needed.after.filter((rule) => moved.has(rule));
  const keys: DirtyKey[] = [];
  let where: readonly Piece[] = [{ named: text.where }];
  let listed: readonly Row[] = [];
  if (early.length > 0 || lookedUp(needed.after).length > 0) {
    const columns = [...primaryKeyColumns(table), ...keyColumns(inRow(early), qualifierOf(table))];
    // ORDER BY and LIMIT, which MySQL alone takes.
    const rest = [{ named: text.middle }, { named: text.tail }];
    listed = (yield read(of, columns, [...where, ...rest], true)).rows;
    keys.push(...keysIn(inRow(early), listed));
    // Only the rows that are locked: under READ COMMITTED more of them could match by now.
    if (family !== 'sqlite') where = [whereKeyIn(table, listed)];
  }
  const unmoved = lookedUp(needed.after).filter((rule) => !moved.has(rule));
  yield* markLookedUp(of, [...lookedUp(needed.before), ...unmoved], where);
  const narrowed = where[0] && 'own' in where[0] ? where[0] : null;
  const direct = inRow(late);
  const lateLookedUp = lookedUp(late).filter((rule) => moved.has(rule));
  const keyOfRow = lateLookedUp.length > 0 ? primaryKeyColumns(table, of.qualifier) : [];
  const answer = yield writing(of, narrowed, returns ? [...keyColumns(direct, of.qualifier), ...keyOfRow] : []);
  if (returns) keys.push(...keysIn(direct, answer.rows));
  if (late.length === 0 || (returns && lateLookedUp.length === 0)) return { keys, unresolved: false };
  const after = [whereKeyIn(table, returns ? answer.rows : withNewKeys(write, listed))];
  if (!returns && direct.length > 0) {
    const { rows } = yield read(of, keyColumns(direct, qualifierOf(table)), after, false);
    keys.push(...keysIn(direct, rows));
  }
  yield* markLookedUp(of, lateLookedUp, after);
  return { keys, unresolved: changesKeyBySql(write) && !returns };
}

function* deleteSteps(of: StepsOf): Steps<Captured> {
  const { write, needed, text, returns } = of;
  const { table } = write;
  const direct = inRow(needed.before);
  const keys: DirtyKey[] = [];
  let where: readonly Piece[] = [{ named: text.where }];
  const lists = lookedUp(needed.before).length > 0 || !returns;
  if (lists && dialectOf(table.dataSource).family !== 'sqlite') {
    const columns = [...primaryKeyColumns(table), ...keyColumns(direct, qualifierOf(table))];
    const { rows } = yield read(of, columns, where, true);
    where = [whereKeyIn(table, rows)];
    keys.push(...keysIn(direct, rows));
    yield* markLookedUp(of, needed.before, where);
    yield writing(of, where[0]!, []);
    return { keys, unresolved: false };
  }
  yield* markLookedUp(of, needed.before, where);
  const answer = yield writing(of, null, keyColumns(direct, of.qualifier));
  return { keys: [...keysIn(direct, answer.rows)], unresolved: false };
}

/** Marks what is looked up from rows of the table, in the database: one row may lead to any number of keys. */
function* markLookedUp(of: StepsOf, rules: readonly MarkRule[], where: readonly Piece[]): Steps<void> {
  const { table } = of.write;
  const { dataSource } = table;
  for (const rule of lookedUp(rules)) {
    const columns = columnsRead([rule]).map(
      ({ databaseName }) => `${qualifierOf(table)}.${dataSource.driver.escape(databaseName)}`,
    );
    const [before, after] = insertMarks(
      dataSource,
      [{ rules: [rule], from: ROWS, alias: `${OURS}rows` }],
      of.token,
      'write',
    ).split(ROWS);
    const rows = [own('('), ...rowsOf(of, columns, where), own(`) ${OURS}rows`)];
    yield { does: 'marks', pieces: [own(before!), ...rows, own(after!)] };
  }
}

/** Stands for the changed rows while the statement around them is made. */
const ROWS = '\u0003';

const rowsOf = ({ text, write }: StepsOf, columns: readonly string[], where: readonly Piece[]): readonly Piece[] => [
  { named: text.ctes === '' ? '' : `${text.ctes} ` },
  own(`SELECT ${columns.join(', ') || '1'} FROM ${tableSql(write.table)}`),
  ...where,
];

function read(of: StepsOf, columns: readonly string[], where: readonly Piece[], locks: boolean): Step {
  const { family } = dialectOf(of.write.table.dataSource);
  const lock = locks && family !== 'sqlite' ? [own(' FOR UPDATE')] : [];
  return { does: 'read', pieces: [...rowsOf(of, columns, where), ...lock] };
}

/** The builder's own statement, narrowed where `where` is given, and returning `columns` besides its own. */
export function writing({ text }: Pick<StepsOf, 'text'>, where: Piece | null, columns: readonly string[]): Step {
  const returning = [text.returning, columns.join(', ')];
  const pieces: Piece[] = [
    { named: text.ctes === '' ? '' : `${text.ctes} ` },
    { named: text.head },
    where ?? { named: text.where },
    { named: text.middle },
  ];
  if (returning.some((part) => part !== '')) {
    pieces.push(own(' RETURNING '), { named: text.returning });
    pieces.push(own(returning.every((part) => part !== '') ? `, ${returning[1]}` : returning[1]!));
  }
  return { does: 'write', pieces: [...pieces, { named: text.tail }] };
}

/** The primary keys of the listed rows after an update that may set parts of them. */
function withNewKeys({ table, touched, newValue }: BuilderWrite, listed: readonly Row[]): readonly Row[] {
  const names = new Set(touched.map(({ databaseName }) => databaseName));
  const changed = table.primaryColumns.flatMap((column, at) =>
    names.has(column.databaseName) ? [{ column, at }] : [],
  );
  if (changed.length === 0) return listed;
  return listed.map((row) => ({
    ...row,
    ...Object.fromEntries(changed.map(({ column, at }) => [`${OURS}p${at}`, newValue(column)])),
  }));
}

const changesKeyBySql = ({ table, touched, newValue }: BuilderWrite): boolean =>
  table.primaryColumns.some(
    (key) => touched.some(({ databaseName }) => databaseName === key.databaseName) && newValue(key) === undefined,
  );
