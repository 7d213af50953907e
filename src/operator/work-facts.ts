import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';
import { WORKER_ALIVE_MS } from '../worker/heartbeat.js';

/** States in which work waits in the outbox, in the words of the lifecycle. What is completed is gone from it. */
export const BACKLOG_STATES = Object.freeze(['enqueued', 'backend_accepted', 'retrying', 'discarded'] as const);
export type BacklogState = (typeof BACKLOG_STATES)[number];

/** Rows of the outbox, by state. Several may be of one key. */
export type Backlog = Readonly<Record<BacklogState, number>>;

/** A worker that has shown itself. One that was stopped is not among them; one that died is, for a day. */
export interface WorkerSeen {
  /** Machine and process. */
  readonly owner: string;
  readonly startedAt: string;
  readonly seenAt: string;
  /** Whether it was seen in the last 15 seconds. */
  readonly alive: boolean;
}

/** What the database says of work and of workers, by one statement. */
export interface WorkFacts {
  readonly workers: readonly WorkerSeen[];
  /** By the name of the entity. */
  readonly backlog: ReadonlyMap<string, { readonly states: Backlog; readonly oldestWaitingMs: number | null }>;
  /** When the engine was seen to have carried out work last, by the name of the index. */
  readonly lastSuccess: ReadonlyMap<string, string>;
}

interface RawFact {
  readonly what: 'clock' | 'work' | 'worker' | 'index';
  readonly name: string;
  readonly state: string;
  readonly number: unknown;
  readonly time: unknown;
}

export async function readWorkFacts(queryRunner: QueryRunner): Promise<WorkFacts> {
  const { records } = await run<RawFact>(queryRunner, (s) => {
    const columns = ['what', 'name', 'state', 'number', 'time'].map((name) => s.dataSource.driver.escape(name));
    const row = (...values: readonly string[]) =>
      `SELECT ${values.map((value, at) => `${value} AS ${columns[at]}`).join(', ')}`;
    return [
      row(`'clock'`, `''`, `''`, '0', s.dialect.nowMs),
      `${row(`'work'`, 'entity', 'state', 'COUNT(*)', 'MIN(created_at)')} FROM ${s.tables.outbox} GROUP BY entity, state`,
      `${row(`'worker'`, 'owner', `''`, 'started_at', 'seen_at')} FROM ${s.tables.worker}`,
      `${row(`'index'`, 'name', `''`, '0', 'succeeded_at')} FROM ${s.tables.index}`,
    ].join(' UNION ALL ');
  });
  const of = (what: RawFact['what']) => records.filter((fact) => fact.what === what);
  const now = Number(of('clock')[0]!.time);
  return {
    workers: of('worker').map(({ name, number, time }) =>
      Object.freeze({
        owner: name,
        startedAt: isoOf(number),
        seenAt: isoOf(time),
        alive: Number(time) > now - WORKER_ALIVE_MS,
      }),
    ),
    backlog: backlogOf(of('work'), now),
    lastSuccess: new Map(of('index').flatMap(({ name, time }) => (Number(time) > 0 ? [[name, isoOf(time)]] : []))),
  };
}

const isoOf = (ms: unknown): string => new Date(Number(ms)).toISOString();

/** Rows of related records (`Movie>director`) are work for the documents of their owner. */
function backlogOf(rows: readonly RawFact[], now: number): WorkFacts['backlog'] {
  const backlog = new Map<string, { states: Record<BacklogState, number>; oldestWaitingMs: number | null }>();
  for (const { name, state, number, time } of rows) {
    const [entity] = name.split('>', 1) as [string];
    const one = backlog.get(entity) ?? { states: { ...NOTHING }, oldestWaitingMs: null };
    backlog.set(entity, one);
    one.states[state as BacklogState] += Number(number);
    if (state !== 'discarded') one.oldestWaitingMs = Math.max(one.oldestWaitingMs ?? 0, now - Number(time));
  }
  return backlog;
}

export const NOTHING: Backlog = Object.freeze({ enqueued: 0, backend_accepted: 0, retrying: 0, discarded: 0 });
