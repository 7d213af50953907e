import type { QueryRunner } from 'typeorm';
import { run, type Statement } from '../outbox/statement.js';
import { DIRTY_COLUMNS, type DirtyRow, dirtyRowOf, type RawDirtyRow } from './dirty-row.js';
import type { Scope } from './shard-hold.js';

const WAITING = ['enqueued', 'retrying'] as const;

/** A condition on the table of shards or of sendings: the shard has rows of the scope. */
export function hasRows(s: Statement, scope: Scope, shard: string): string {
  const { outbox } = s.tables;
  const among = (state: string) =>
    scope.kind === 'ids'
      ? s.isIn('waiting.id', scope.ids)
      : `waiting.shard = ${shard} AND waiting.state = '${state}' AND waiting.due_at <= ${s.dialect.nowMs}`;
  if (scope.kind === 'ids')
    return `${shard} IN (SELECT waiting.shard FROM ${outbox} waiting WHERE ${among('')} AND waiting.state IN (${quoted(WAITING)}))`;
  const some = WAITING.map(
    (state) =>
      `EXISTS (SELECT 1 FROM ${outbox} waiting WHERE ${among(state)} AND ${s.isIn('waiting.entity', scope.entities)})`,
  );
  return `(${some.join(' OR ')})`;
}

/** A condition: nobody has announced that he wants every shard. */
export const noFence = (s: Statement): string =>
  `NOT EXISTS (SELECT 1 FROM ${s.tables.fence} fence WHERE fence.until > ${s.dialect.nowMs})`;

/** A few of so many shards, another choice each time: where there is more to do than one batch, others shall find free ones. */
export function pick(shards: number): readonly number[] {
  const count = Math.max(1, Math.ceil(shards / 4));
  const start = Math.floor(Math.random() * shards);
  return Array.from({ length: count }, (_, at) => (start + at) % shards);
}

/** How long an announced fence keeps others back, should its owner die before it takes it down, in milliseconds. */
export const FENCE_MS = 60_000;

/**
 * Announces that somebody wants every shard: nobody takes one until it is taken down.
 * @returns what {@link takeDownFence} is given; another one each time, so that two of one name do not take down each other's
 */
export async function announceFence(queryRunner: QueryRunner, name: string): Promise<string> {
  const announced = `${name.slice(0, 40)}/${crypto.randomUUID().slice(0, 18)}`;
  await run(
    queryRunner,
    (s) =>
      `INSERT INTO ${s.tables.fence} (name, until) VALUES (${s.value(announced)}, ${s.dialect.nowMs} + ${FENCE_MS})`,
  );
  return announced;
}

export async function takeDownFence(queryRunner: QueryRunner, announced: string): Promise<void> {
  await run(
    queryRunner,
    (s) =>
      `DELETE FROM ${s.tables.fence} WHERE name = ${s.value(announced)} OR until < ${s.dialect.nowMs} - ${FENCE_MS}`,
  );
}

/** Reads the rows of the scope in the shards held. */
export async function readDueRows(
  queryRunner: QueryRunner,
  scope: Scope,
  shards: readonly number[],
): Promise<readonly DirtyRow[]> {
  const { records } = await run<RawDirtyRow>(queryRunner, (s) =>
    scope.kind === 'ids'
      ? `SELECT ${DIRTY_COLUMNS.join(', ')} FROM ${s.tables.outbox}
         WHERE ${s.isIn('id', scope.ids)} AND ${s.isIn('shard', shards)}
         AND state IN (${quoted(WAITING)}) AND due_at <= ${s.dialect.nowMs} AND ${s.isIn('entity', scope.entities)}`
      : kindsOf(scope)
          .flatMap(({ kind, entities, limit }) =>
            WAITING.map((state) => limitedRows(s, `${kind}_${state}`, { state, limit, entities, shards })),
          )
          .join(' UNION ALL '),
  );
  const rows = records.map(dirtyRowOf);
  return scope.kind === 'ids' ? rows : shared(rows, scope.limit);
}

/** Rows of dependencies in one batch. Each dirties a page of documents; thousands that wait must not keep those waiting. */
export const DEPENDENCIES_A_BATCH = 8;

const isDependency = (entity: string): boolean => entity.includes('>');

function kindsOf({ entities, limit }: Extract<Scope, { kind: 'due' }>) {
  const kinds = [
    { kind: 'documents', entities: entities.filter((entity) => !isDependency(entity)), limit },
    { kind: 'dependencies', entities: entities.filter(isDependency), limit: DEPENDENCIES_A_BATCH },
  ];
  return kinds.filter((each) => each.entities.length > 0);
}

/**
 * Retries get what new rows leave of a batch, and a share at least: new rows, of which there may be many, would keep them
 * waiting.
 */
function shared(rows: readonly DirtyRow[], limit: number): readonly DirtyRow[] {
  const enqueued = rows.filter(({ state }) => state === 'enqueued');
  const share = Math.max(Math.ceil(limit / 4), limit - enqueued.length);
  return [...rows.filter(({ state }) => state === 'retrying').slice(0, share), ...enqueued];
}

const limitedRows = (
  s: Statement,
  name: string,
  of: {
    readonly state: (typeof WAITING)[number];
    readonly limit: number;
    readonly entities: readonly string[];
    readonly shards: readonly number[];
  },
) =>
  `SELECT * FROM (SELECT ${DIRTY_COLUMNS.join(', ')} FROM ${s.tables.outbox}
   WHERE ${s.isIn('shard', of.shards)} AND state = '${of.state}' AND due_at <= ${s.dialect.nowMs}
   AND ${s.isIn('entity', of.entities)} LIMIT ${of.limit}) AS ${name}`;

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ');

/** What the database says of the shards held, and of the time. */
export interface SendingFacts {
  readonly now: number;
  /** Until when something that somebody else has sent may still arrive; 0 where there is nothing. */
  readonly priorUnknown: ReadonlyMap<number, number>;
}

export async function readSendingFacts(queryRunner: QueryRunner, shards: readonly number[]): Promise<SendingFacts> {
  const { records } = await run<Record<'shard' | 'unknown_until' | 'now', unknown>>(
    queryRunner,
    (s) =>
      `SELECT shard, unknown_until, ${s.dialect.nowMs} AS now FROM ${s.tables.sending} WHERE ${s.isIn('shard', shards)}`,
  );
  return {
    now: Number(records[0]?.now),
    priorUnknown: new Map(records.map((row) => [Number(row.shard), Number(row.unknown_until)])),
  };
}

/**
 * A sender has died, or lost its shards, while something was on its way: whatever waits in the shard counts as done only
 * by a send that starts when that has arrived or never will.
 */
export async function carryUnknown(queryRunner: QueryRunner, shard: number, until: number): Promise<void> {
  await run(
    queryRunner,
    (s) =>
      `UPDATE ${s.tables.outbox} SET unknown_until = ${s.value(until)}
       WHERE shard = ${s.value(shard)} AND state IN (${quoted(WAITING)}) AND unknown_until < ${s.value(until)}`,
  );
}
