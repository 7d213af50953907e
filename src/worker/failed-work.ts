import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { Cause } from '../outbox/outbox-row.js';
import { run } from '../outbox/statement.js';
import { documentKeyOf } from '../outbox/stored-key.js';
import { type Reason, reasonOf } from './failure.js';
import { beginIsolation } from './index-state.js';
import type { Work } from './work.js';

/** One unit of work that failed and is tried again, or was given up; or a task that the engine failed. */
export interface FailedWork {
  /** Of a job `queue:…`, of a task of the engine `engine:…`. */
  readonly id: string;
  /** Null for a job of the queue whose keys are of several entities. */
  readonly entity: string | null;
  /** Of a record whose documents are others' (a director of movies): the relation's path, `director`; else null. */
  readonly path: string | null;
  /** The document key; null where the row holds none of the entity's keys, and for a job of several keys. */
  readonly key: DocumentKey | null;
  readonly state: 'retrying' | 'discarded';
  readonly reason: Reason;
  /** The code behind the reason, of the engine or of Scrypath; null where there is none. */
  readonly code: string | null;
  /** Null for a job, and for a task of the engine. */
  readonly cause: Cause | null;
  /** How often the document has failed alone; of a job, how often it was handed out; of a task of the engine 1. */
  readonly attempts: number;
  /** Of a job and of a task of the engine, when it failed; null where nobody has kept it. */
  readonly createdAt: Date | null;
  /** When it is tried again; null for discarded work. */
  readonly retryAt: Date | null;
  /** `retry(id)` sends it once more; true for everything that the outbox and the queue hold, false for tasks of the engine. */
  readonly retryable: boolean;
  /** Why it cannot be retried; null where it can. */
  readonly why: string | null;
}

/** One page of failed work, and the counts of all of it in the outbox. */
export interface FailedWorkReport {
  readonly items: readonly FailedWork[];
  /** Give it as `after` for the next page; null on the last. A page that is short, and has it, is not the last. */
  readonly next: string | null;
  readonly counts: {
    readonly retrying: number;
    readonly discarded: number;
    readonly byReason: Readonly<Partial<Record<Reason, number>>>;
    /**
     * Tasks that the engine failed and that no row stands behind, as far as it remembers them, by reason. Null where that is
     * not known: it was not asked, could not be, or does not list them.
     */
    readonly engine: Readonly<Partial<Record<Reason, number>>> | null;
  };
}

export interface FailedWorkOptions {
  /** Items of a page, 1 to 1 000; default 100. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Only this entity. */
  readonly entity?: string;
  /** Whether the engine is asked for the tasks that it failed; default true. Without it the outbox and the queue are listed. */
  readonly engine?: boolean;
}

const MAX_LIMIT = 1_000;

interface RawFailedWork {
  readonly id: string;
  readonly entity: string;
  readonly record_key: string;
  readonly state: 'retrying' | 'discarded';
  readonly error_class: string | null;
  readonly cause: Cause;
  readonly attempts: unknown;
  readonly created_at: unknown;
  readonly due_at: unknown;
}

/** Work that failed and waits for its next try, and work that was discarded, in the order of their ids. */
export async function failedWork(
  queryRunner: QueryRunner,
  work: Work,
  { limit = 100, after = '', entity }: FailedWorkOptions,
): Promise<FailedWorkReport> {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT))
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: 'The limit of failed work is not one that a page can have.',
      remedy: `Give a whole number from 1 to ${MAX_LIMIT}.`,
    });
  const { records: counted } = await run<{ state: string; error_class: string | null; n: unknown }>(
    queryRunner,
    (s) =>
      `SELECT failed.state, failed.error_class, COUNT(*) AS n ${fromFailed(s.tables)}
         ${entity === undefined ? '' : `AND failed.entity = ${s.value(entity)} `}GROUP BY failed.state, failed.error_class`,
  );
  const { records } = await run<RawFailedWork>(
    queryRunner,
    (s) =>
      `SELECT failed.id, failed.entity, failed.record_key, failed.state, failed.error_class, failed.cause,
         failed.attempts, failed.created_at, failed.due_at ${fromFailed(s.tables)} AND failed.id > ${s.value(after)}
         ${entity === undefined ? '' : `AND failed.entity = ${s.value(entity)} `}ORDER BY failed.id LIMIT ${limit + 1}`,
  );
  const items = records.slice(0, limit).map((raw) => Object.freeze(itemOf(raw, work)));
  const next = records.length > limit ? items.at(-1)!.id : null;
  return Object.freeze({ items: Object.freeze(items), next, counts: countsOf(counted) });
}

// By shard, since the index begins with it.
const fromFailed = ({ shard, outbox }: { readonly shard: string; readonly outbox: string }) =>
  `FROM ${shard} each_shard JOIN ${outbox} failed ON failed.shard = each_shard.shard
   AND failed.state IN ('retrying', 'discarded') WHERE failed.error_class IS NOT NULL`;

function itemOf(raw: RawFailedWork, work: Work): FailedWork {
  const { reason, code } = reasonOf(raw.error_class);
  const [entity, path = null] = raw.entity.split('>', 2) as [string, string?];
  const fields = work.documents.get(raw.entity)?.metadata.keyFields.length;
  return {
    id: raw.id,
    entity,
    path,
    key: fields === undefined ? null : keyOrNull(raw.record_key, fields),
    state: raw.state,
    reason,
    code,
    cause: raw.cause,
    attempts: Number(raw.attempts),
    createdAt: new Date(Number(raw.created_at)),
    retryAt: raw.state === 'discarded' ? null : new Date(Number(raw.due_at)),
    retryable: true,
    why: null,
  };
}

export function keyOrNull(recordKey: string, fields: number): DocumentKey | null {
  try {
    return documentKeyOf(recordKey, fields);
  } catch {
    return null;
  }
}

function countsOf(counted: readonly { state: string; error_class: string | null; n: unknown }[]) {
  const byReason: Partial<Record<Reason, number>> = {};
  const byState = { retrying: 0, discarded: 0 };
  for (const { state, error_class, n } of counted) {
    const { reason } = reasonOf(error_class);
    byReason[reason] = (byReason[reason] ?? 0) + Number(n);
    byState[state as keyof typeof byState] += Number(n);
  }
  return Object.freeze({ ...byState, byReason: Object.freeze(byReason), engine: null });
}

/**
 * Makes failed work due at once. What the engine had refused goes alone, so that it takes no other document with it.
 * @returns whether there was such work
 */
export async function retryWork(queryRunner: QueryRunner, work: Work, id: string): Promise<boolean> {
  const { records } = await run<{ entity: string; error_class: string | null }>(
    queryRunner,
    (s) => `SELECT entity, error_class FROM ${s.tables.outbox} WHERE id = ${s.value(id)}`,
  );
  const [row] = records;
  if (row === undefined) return false;
  const { reason } = reasonOf(row.error_class);
  const alone = reason === 'backend_rejected' || reason === 'attempts_exhausted';
  const index = work.documents.get(row.entity)?.metadata.indexName;
  if (alone && index !== undefined) await beginIsolation(queryRunner, index);
  const { affected } = await run(
    queryRunner,
    (s) =>
      `UPDATE ${s.tables.outbox} SET state = 'retrying', due_at = unknown_until, attempts = 0, tasks = NULL,
         piece = ${alone && index !== undefined ? 1 : 0}
         WHERE id = ${s.value(id)} AND state IN ('retrying', 'discarded')`,
  );
  return affected > 0;
}

/**
 * Gives failed work up. What is tried again becomes discarded; what is discarded already is removed from the list.
 * @returns whether there was such work
 */
export async function discardWork(queryRunner: QueryRunner, id: string): Promise<boolean> {
  const removed = await run(
    queryRunner,
    (s) => `DELETE FROM ${s.tables.outbox} WHERE id = ${s.value(id)} AND state = 'discarded'`,
  );
  if (removed.affected > 0) return true;
  const { affected } = await run(
    queryRunner,
    (s) =>
      `UPDATE ${s.tables.outbox} SET state = 'discarded', due_at = ${s.dialect.nowMs}, error_class = coalesce(error_class, 'unknown'), piece = 0
         WHERE id = ${s.value(id)} AND state = 'retrying'`,
  );
  return affected > 0;
}
