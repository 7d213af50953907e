import type { Backend } from '../backend/backend.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { QueueStats, WorkQueue } from '../queue/work-queue.js';
import type { ReadConnection } from '../verify/verify-site.js';
import { unfinishedRebuilds } from '../worker/rebuilds.js';
import { connected, NO_OUTBOX, type Observed, observe, part, unobserved } from './observed.js';
import { type RebuildVisibility, visibilityOf } from './rebuild-visibility.js';
import { countRows } from './row-counts.js';
import { type Backlog, NOTHING, readWorkFacts, type WorkerSeen } from './work-facts.js';

/** What is known of the whole instance. */
export interface InstanceStatus {
  /** When it was looked at, on this process's clock, ISO 8601. */
  readonly at: string;
  /** Name of the engine. */
  readonly engine: string;
  /** Tasks of every index that the engine has accepted, and not ended. */
  readonly engineQueue: Observed<number>;
  readonly workers: Observed<readonly WorkerSeen[]>;
  /** Jobs of the queue that distributes the work, as it counts them. */
  readonly jobs: Observed<QueueStats>;
}

/** What is known of one entity and its index. */
export interface EntityStatus {
  readonly entity: string;
  /** Name of the live index. */
  readonly index: string;
  /** In the live index, as the engine counts. */
  readonly documents: Observed<number>;
  /** Whether the engine is at work on the live index. */
  readonly indexing: Observed<boolean>;
  /** In the database, without what is soft-deleted. Those for which `when` is false have no document. */
  readonly rows: Observed<number>;
  readonly backlog: Observed<Backlog>;
  /** How long the oldest work has waited that was not given up, in milliseconds; null where none waits. */
  readonly oldestWaitingMs: Observed<number | null>;
  /** When the engine was last seen to have carried out work of the outbox, to the second; null where it never was. */
  readonly lastSuccessAt: Observed<string | null>;
  readonly rebuild: Observed<RebuildVisibility>;
}

/** What is known of an instance and of all its entities. Frozen; any figure may not have been observed. */
export interface Status extends InstanceStatus {
  readonly entities: readonly EntityStatus[];
}

/** What is known of one entity, and of what it shares with others. */
export type ServiceStatus = InstanceStatus & EntityStatus;

export interface LookOptions {
  readonly signal?: AbortSignal;
}

export interface StatusOptions extends LookOptions {
  /**
   * Whether rows and documents are counted; default true. With false `rows`, `documents` and `indexing` are not observed, and
   * neither the tables of the entities nor their indexes are asked: for a look every few seconds.
   */
  readonly count?: boolean;
}

/** What a look at an instance works with. */
export interface StatusSite {
  readonly backend: Backend;
  readonly queue: WorkQueue | null;
  readonly hasOutbox: boolean;
  connect(): Promise<ReadConnection>;
}

const NOT_COUNTED = unobserved('It was not asked for: status({ count: false }) counts neither rows nor documents.');

/**
 * Looks at the entities given, and changes nothing: three statements, one question to the engine for each index, and one for
 * its queue; without the counts two statements, and the question for the queue alone. Never rejects for a database or an engine that is away: the figures say so.
 */
export async function readStatus(
  site: StatusSite,
  metadatas: readonly SearchMetadata[],
  { signal, count = true }: StatusOptions = {},
): Promise<Status> {
  signal?.throwIfAborted();
  const { backend, queue } = site;
  const [stored, jobs, engineQueue, stats] = await Promise.all([
    readDatabase(site, metadatas, { signal, count }),
    queue === null ? unobserved('No queue distributes the work.') : observe(() => queue.stats(), signal),
    backend.backlog
      ? observe(() => backend.backlog!({ signal }), signal)
      : unobserved(`${backend.name} does not tell how many tasks wait.`),
    Promise.all(
      metadatas.map(({ indexName }) =>
        count ? observe(() => backend.indexes.stats(indexName, { signal }), signal) : NOT_COUNTED,
      ),
    ),
  ]);
  const { rows, work, rebuilds } = stored;
  const entities = metadatas.map(({ entity, indexName: index }, at): EntityStatus => {
    const backlog = part(work, (facts) => facts.backlog.get(entity) ?? { states: NOTHING, oldestWaitingMs: null });
    return Object.freeze({
      entity,
      index,
      documents: part(stats[at]!, ({ documents }) => documents),
      indexing: part(stats[at]!, ({ indexing }) => indexing),
      rows: part(rows, (counts) => counts.get(entity)!),
      backlog: part(backlog, ({ states }) => Object.freeze({ ...states })),
      oldestWaitingMs: part(backlog, ({ oldestWaitingMs }) => oldestWaitingMs),
      lastSuccessAt: part(work, ({ lastSuccess }) => lastSuccess.get(index) ?? null),
      rebuild: part(rebuilds, (all) => visibilityOf(index, all.find((one) => one.entity === entity) ?? null)),
    });
  });
  return Object.freeze({
    at: new Date().toISOString(),
    engine: backend.name,
    engineQueue,
    workers: part(work, ({ workers }) => Object.freeze(workers)),
    jobs,
    entities: Object.freeze(entities),
  });
}

/** Of one entity: the same, in one object. */
export function serviceStatusOf({ entities, ...instance }: Status): ServiceStatus {
  return Object.freeze({ ...instance, ...entities[0]! });
}

async function readDatabase(
  { connect, hasOutbox }: StatusSite,
  metadatas: readonly SearchMetadata[],
  { signal, count }: { readonly signal: AbortSignal | undefined; readonly count: boolean },
) {
  const connection = await connected(connect, signal);
  if (!connection.observed) return { rows: count ? connection : NOT_COUNTED, work: connection, rebuilds: connection };
  const { queryRunner, end } = connection.value;
  try {
    const rows = count ? await observe(() => countRows(queryRunner, metadatas), signal) : NOT_COUNTED;
    if (!hasOutbox) return { rows, work: NO_OUTBOX, rebuilds: NO_OUTBOX };
    const work = await observe(() => readWorkFacts(queryRunner), signal);
    const only = metadatas.length === 1 ? metadatas[0]!.entity : undefined;
    return { rows, work, rebuilds: await observe(() => unfinishedRebuilds(queryRunner, only), signal) };
  } finally {
    await end().catch(() => undefined);
  }
}
