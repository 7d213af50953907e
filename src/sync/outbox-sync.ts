import type { EntityManager } from 'typeorm';
import type { TaskRef } from '../backend/task.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { append } from '../outbox/append.js';
import type { CommittedMarks, CommitWatch } from '../outbox/commit-watch.js';
import { dialectOf } from '../outbox/dialect.js';
import { newToken } from '../outbox/mark-id.js';
import { storedKeyOf } from '../outbox/stored-key.js';
import type { Delivery } from '../worker/delivery.js';
import type { QueueFeed } from '../worker/queue-feed.js';
import type { SyncCall } from './sync-verbs.js';
import { isInOpenTransaction, refuseInTransaction } from './transaction-guard.js';

/** The outbox of an instance, as its verbs use it. */
export interface OutboxSite {
  readonly delivery: Delivery;
  readonly commits: CommitWatch;
  /** Makes jobs of what is marked, where a queue distributes the work. */
  readonly feed: Pick<QueueFeed, 'join'> | null;
}

/** How far a call over the outbox has got. */
export interface Queued {
  readonly token: string;
  /** Ids of the rows. */
  readonly work: readonly string[];
  readonly tasks: readonly TaskRef[];
}

/**
 * Marks the keys dirty and, in the modes that wait, brings them to the engine here, whether or not a worker runs. A record
 * is read again when it is sent: what the caller holds of it plays no part.
 * @throws ScrypathError `SYNC_IN_TRANSACTION`, `WORK_TIMEOUT`, `WORK_DISCARDED`, `INDEX_REPLACED`, `BACKEND_…`; after
 * all but the first the rows are durable, and are tried again
 */
export async function syncOverOutbox(
  { delivery, commits, feed }: OutboxSite,
  { manager, metadata }: { readonly manager: EntityManager; readonly metadata: SearchMetadata },
  keys: readonly DocumentKey[],
  call: SyncCall,
): Promise<Queued> {
  if (call.mode !== 'queued') refuseInTransaction({ manager, metadata }, call);
  const token = newToken();
  const dirty = keys.map((key) => ({ entity: metadata.entity, recordKey: storedKeyOf(key) }));
  const { ids: work } = await markIn({ delivery, commits, feed }, { manager, metadata }, call.manager, async (own) => {
    const marks = await append(own, dirty, 'verb', token);
    // In the other modes the caller brings them.
    const count = marks.length;
    const fed = call.mode === 'queued' ? await feed?.join(own, { token, count, keys: marks }) : count;
    return { token, count, fed: fed ?? 0, ids: marks.map(({ id }) => id) };
  });
  if (call.mode === 'queued') return { token, work, tasks: [] };
  const tasks = await delivery.wait([token], {
    goal: call.mode === 'inline' ? 'completed' : 'accepted',
    timeoutMs: call.timeoutMs,
    signal: call.signal,
    failFast: true,
    drains: true,
  });
  return { token, work, tasks };
}

/**
 * Lets `mark` write marks: in the given manager's transaction, else in one of its own, and tells of them once they are
 * committed.
 * @throws ScrypathError `SYNC_IN_TRANSACTION` where the caller is inside a transaction whose manager was not given
 */
export async function markIn<M extends CommittedMarks>(
  { delivery, commits }: OutboxSite,
  { manager, metadata }: { readonly manager: EntityManager; readonly metadata: SearchMetadata },
  given: EntityManager | undefined,
  mark: (manager: EntityManager) => Promise<M>,
): Promise<M> {
  const own = given ?? manager;
  if (own.queryRunner) {
    const marks = await mark(own);
    commits.marked(own.queryRunner, marks);
    return marks;
  }
  if (isInOpenTransaction({ manager }, { manager: given }))
    throw new ScrypathError({
      code: 'SYNC_IN_TRANSACTION',
      entity: metadata.entity,
      happened: `Work for ${metadata.entity} was to be queued inside an open database transaction, without its manager.`,
      remedy: "Give the transaction's manager, so that the work is committed with it.",
    });
  const marks = await outsideOfTransactions(delivery, own, mark);
  commits.committed(marks);
  return marks;
}

async function outsideOfTransactions<M>(
  delivery: Delivery,
  { dataSource }: EntityManager,
  mark: (manager: EntityManager) => Promise<M>,
): Promise<M> {
  // SQLite has one connection: a statement of ours must not fall into a transaction that another caller has open.
  if (dialectOf(dataSource).family === 'sqlite') return mark((await delivery.sender.source.aside('look')).manager);
  // A transaction that began here would count as the caller's, who may call once more before it ends.
  return dataSource.manager.transaction(mark);
}
