import type { QueryRunner } from 'typeorm';
import { run, type Statement } from '../outbox/statement.js';

/**
 * How far an index has got that is built beside a live one.
 *
 * | state       | what senders do                                       | what comes next                                |
 * | ----------- | ----------------------------------------------------- | ---------------------------------------------- |
 * | `creating`  | they know nothing of it                               | the target gets its settings                   |
 * | `building`  | write live index and target                           | it is filled, replayed and verified            |
 * | `ready`     | write both                                            | a cutover, or it is abandoned                  |
 * | `swapping`  | nothing for this entity, until the outcome is known   | `kept`, or `ready` where the names were not swapped |
 * | `kept`      | write both: the old index stays as current as the new | a rollback, or the old index is dropped        |
 * | `reverting` | nothing for this entity, until the outcome is known   | `dropping`, or `kept`                          |
 * | `dropping`  | write the live index alone                            | the index under the target's name is dropped   |
 *
 * `finished`, `rolled_back` and `abandoned` are over.
 */
export const REBUILD_STATES = Object.freeze([
  ...(['creating', 'building', 'ready', 'swapping', 'kept', 'reverting', 'dropping'] as const),
  ...(['finished', 'rolled_back', 'abandoned'] as const),
]);
export type RebuildState = (typeof REBUILD_STATES)[number];

const OVER: readonly RebuildState[] = ['finished', 'rolled_back', 'abandoned'];
const WRITTEN: readonly RebuildState[] = ['building', 'ready', 'kept'];
const HELD: readonly RebuildState[] = ['swapping', 'reverting'];
const WORKERS_SEE: readonly RebuildState[] = [...WRITTEN, ...HELD];

/** One rebuild, as the database has it. */
export interface RebuildRow {
  readonly id: string;
  readonly entity: string;
  /** Name of the live index. */
  readonly live: string;
  /** Name of the index beside it: the new one before the cutover, the old one after it. */
  readonly target: string;
  readonly state: RebuildState;
  /** When the physical indexes behind the two names were created, as the engine says it. */
  readonly liveCreated: string | null;
  readonly targetCreated: string | null;
  /** Whether the live index takes documents; one with another primary key does not, and only the target is written. */
  readonly writesLive: boolean;
  /** Why the target is not written any more; null where it is. */
  readonly problem: string | null;
  /** While the names are swapped: until when the request may reach the engine, in milliseconds on the database's clock. */
  readonly swapUntil: number;
  /** Who works at it, or did last. */
  readonly owner: string | null;
  readonly startedAt: number;
  /** Whether somebody was seen at work on it a moment ago. */
  readonly isAlive: boolean;
  /** The database's clock when the row was read. */
  readonly now: number;
  /** What it has come to so far, as its owner wrote it. */
  readonly report: string | null;
}

/** How long a rebuild counts as worked at after it was last seen, in milliseconds. */
export const ALIVE_MS = 15_000;

export const isWritten = ({ state, problem }: RebuildRow): boolean => WRITTEN.includes(state) && problem === null;
export const isHeld = ({ state }: RebuildRow): boolean => HELD.includes(state);
export const isOver = ({ state }: RebuildRow): boolean => OVER.includes(state);

const COLUMNS = [
  ...['id', 'entity', 'live', 'target', 'state', 'live_created', 'target_created', 'writes_live', 'problem'],
  ...['swap_until', 'owner', 'started_at', 'seen_at', 'report'],
] as const;

type RawRebuild = Record<(typeof COLUMNS)[number] | 'now', unknown>;

const rowOf = (raw: RawRebuild): RebuildRow => ({
  id: raw.id as string,
  entity: raw.entity as string,
  live: raw.live as string,
  target: raw.target as string,
  state: raw.state as RebuildState,
  liveCreated: raw.live_created as string | null,
  targetCreated: raw.target_created as string | null,
  writesLive: Number(raw.writes_live) > 0,
  problem: raw.problem as string | null,
  swapUntil: Number(raw.swap_until),
  owner: raw.owner as string | null,
  startedAt: Number(raw.started_at),
  isAlive: Number(raw.seen_at) > Number(raw.now) - ALIVE_MS,
  now: Number(raw.now),
  report: raw.report as string | null,
});

async function read(queryRunner: QueryRunner, where: (s: Statement) => string): Promise<readonly RebuildRow[]> {
  const { records } = await run<RawRebuild>(
    queryRunner,
    (s) => `SELECT ${COLUMNS.join(', ')}, ${s.dialect.nowMs} AS now FROM ${s.tables.rebuild} WHERE ${where(s)}`,
  );
  return records.map(rowOf);
}

export async function readRebuild(queryRunner: QueryRunner, id: string): Promise<RebuildRow | null> {
  const [row = null] = await read(queryRunner, (s) => `id = ${s.value(id)}`);
  return row;
}

/** Rebuilds that are not over, or those of one entity; no entity has more than one. */
export const unfinishedRebuilds = (queryRunner: QueryRunner, entity?: string): Promise<readonly RebuildRow[]> =>
  read(
    queryRunner,
    (s) => `NOT (${s.isIn('state', OVER)})${entity === undefined ? '' : ` AND entity = ${s.value(entity)}`}`,
  );

/** What senders are to know, by entity. Read under the shards' lock, it is what holds for the batch. */
export async function rebuildsForSenders(queryRunner: QueryRunner): Promise<ReadonlyMap<string, RebuildRow>> {
  const rows = await read(queryRunner, (s) => s.isIn('state', WORKERS_SEE));
  return new Map(rows.map((row) => [row.entity, row]));
}

/** What a rebuild begins with. */
export type NewRebuild = Pick<RebuildRow, 'id' | 'entity' | 'live' | 'target' | 'writesLive' | 'owner' | 'report'>;

export async function insertRebuild(queryRunner: QueryRunner, given: NewRebuild): Promise<void> {
  const { id, entity, live, target, writesLive, owner, report } = given;
  await run(queryRunner, (s) => {
    const values = [id, entity, live, target, 'creating', writesLive ? 1 : 0, owner, report].map((v) => s.value(v));
    return `INSERT INTO ${s.tables.rebuild} (id, entity, live, target, state, writes_live, owner, report, started_at, seen_at)
      VALUES (${values.join(', ')}, ${s.dialect.nowMs}, ${s.dialect.nowMs})`;
  });
}

/** What of a rebuild may change. `graceMs`: a request that swaps the names may reach the engine for so long. */
export interface RebuildChange {
  readonly state?: RebuildState;
  readonly liveCreated?: string | null;
  readonly targetCreated?: string | null;
  readonly writesLive?: boolean;
  readonly problem?: string | null;
  readonly owner?: string;
  readonly report?: string;
  readonly graceMs?: number;
  readonly seen?: boolean;
}

/**
 * Changes a rebuild where it is in one of the states given: of two who do so at the same time, one does.
 * @returns whether it was
 */
export async function changeRebuild(
  queryRunner: QueryRunner,
  id: string,
  states: readonly RebuildState[],
  change: RebuildChange,
): Promise<boolean> {
  const { affected } = await run(queryRunner, (s) => {
    const columns: Readonly<Record<string, unknown>> = {
      state: change.state,
      live_created: change.liveCreated,
      target_created: change.targetCreated,
      writes_live: change.writesLive === undefined ? undefined : Number(change.writesLive),
      problem: change.problem,
      owner: change.owner,
      report: change.report,
    };
    const assignments = Object.entries(columns)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name} = ${s.value(value)}`);
    const { nowMs } = s.dialect;
    if (change.graceMs !== undefined) assignments.push(`swap_until = ${nowMs} + ${s.value(change.graceMs)}`);
    if (change.seen !== undefined) assignments.push(`seen_at = ${change.seen ? nowMs : '0'}`);
    return `UPDATE ${s.tables.rebuild} SET ${assignments.join(', ')} WHERE id = ${s.value(id)} AND ${s.isIn('state', states)}`;
  });
  return affected > 0;
}

export const UNFINISHED_STATES: readonly RebuildState[] = REBUILD_STATES.filter((state) => !OVER.includes(state));
