import type { EntityManager } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { SyncMode } from '../metadata/sync-mode.js';
import type { Projection } from '../projection/projection.js';
import { readRecords } from '../records/record-reader.js';
import { documentsApplied } from '../telemetry/event.js';
import { span } from '../telemetry/span.js';
import { type Batch, send, waitForSuccess } from './deliver.js';
import { type OutboxSite, syncOverOutbox } from './outbox-sync.js';
import type { SyncResult, SyncStatus } from './sync-result.js';
import { refuseInTransaction } from './transaction-guard.js';

/** Where the verbs of one entity work. */
export interface SyncSite {
  readonly backend: Backend;
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
  /** Reads records where the caller gives no manager. */
  readonly manager: EntityManager;
  /** Told of every task, so that a drain can await it. */
  readonly accepted: (tasks: readonly TaskRef[]) => void;
  /** Where keys go through an outbox, it; else null, and the verbs send by themselves. */
  readonly outbox: OutboxSite | null;
  /** Told of every call, so that a drain or close can await it. */
  readonly track: <T>(work: Promise<T>) => Promise<T>;
}

/** One call, every option resolved. */
export interface SyncCall {
  readonly mode: SyncMode;
  readonly index: string;
  readonly timeoutMs: number;
  readonly manager: EntityManager | undefined;
  readonly signal: AbortSignal | undefined;
  /** Told of a record that cannot become a document, which is then left out; without it the whole call fails. */
  readonly unprojectable?: (error: unknown) => void;
}

type Operation = 'upsert' | 'delete';

/** Writes the documents of the records given, and removes those of records that do not belong in the index. */
export function syncRecords(site: SyncSite, records: readonly object[], call: SyncCall): Promise<SyncResult> {
  if (site.outbox) return runOver(site, site.outbox, 'upsert', records.map(site.metadata.key.of), call);
  return run(site, 'upsert', records.length, call, async () => {
    const changes = new Map<DocumentKey, SearchDocument | null>();
    for (const record of records) {
      const document = documentOrNull(site.projection, record);
      changes.set(document?.key ?? site.metadata.key.of(record), document);
    }
    return changes;
  });
}

/** Reads the records of the keys again, with what their projection needs; a key without a record is removed. */
export function syncKeys(site: SyncSite, keys: readonly DocumentKey[], call: SyncCall): Promise<SyncResult> {
  if (site.outbox) return runOver(site, site.outbox, 'upsert', keys, call);
  return run(site, 'upsert', keys.length, call, async () => {
    const records = await readFromPrimary(call.manager ?? site.manager, site.metadata, keys);
    // A transaction that began meanwhile on a connection that others share may have been read too.
    refuseInTransaction(site, call);
    // What is gone under the key asked for may be there under the database's own spelling of it: only the alias goes.
    const changes = new Map<DocumentKey, SearchDocument | null>(keys.map((key) => [key, null]));
    for (const [key, record] of records) {
      try {
        changes.set(key, documentOrNull(site.projection, record));
      } catch (error) {
        if (call.unprojectable === undefined) throw error;
        changes.delete(key);
        call.unprojectable(error);
      }
    }
    return changes;
  });
}

/** Removes documents by key. Without an outbox it reads no row; with one, a key that has a row keeps its document. */
export function deleteKeys(site: SyncSite, keys: readonly DocumentKey[], call: SyncCall): Promise<SyncResult> {
  if (site.outbox) return runOver(site, site.outbox, 'delete', keys, call);
  return run(site, 'delete', keys.length, call, async () => new Map(keys.map((key) => [key, null])));
}

const documentOrNull = (projection: Projection, record: object) =>
  projection.eligible(record) ? projection.stored(record) : null;

/** Reads where writes go: a replica that lags would make a fresh row look gone. */
async function readFromPrimary(manager: EntityManager, metadata: SearchMetadata, keys: readonly DocumentKey[]) {
  const distinct = [...new Set(keys)];
  if (manager.queryRunner) return readRecords(manager, metadata, distinct);
  const runner = manager.dataSource.createQueryRunner('master');
  try {
    return await readRecords(runner.manager, metadata, distinct);
  } finally {
    await runner.release();
  }
}

/** How far a call has got. */
type Outcome = Pick<SyncResult, 'status' | 'keys' | 'tasks' | 'work' | 'token'>;

/** Facts of a `scrypath:sync` span. */
export interface SyncSpan {
  readonly entity: string;
  readonly index: string;
  readonly mode: SyncMode;
  readonly operation: Operation;
  /** How far it has got; there at the end. */
  status?: SyncStatus;
  /** Documents written and removed together, or keys marked; there at the end. */
  documents?: number;
}

/** One call, told to whoever listens and to whoever waits for the instance. */
function reported(
  site: SyncSite,
  operation: Operation,
  { mode, index }: SyncCall,
  act: () => Promise<Outcome>,
): Promise<SyncResult> {
  const facts: SyncSpan = { entity: site.metadata.entity, index, mode, operation };
  const work = span('scrypath:sync', facts, async (context) => {
    const { status, keys, tasks, work: rows, token } = await act();
    context.status = status;
    context.documents = keys.length;
    return Object.freeze<SyncResult>({
      mode,
      status,
      keys: Object.freeze([...keys]),
      count: keys.length,
      index,
      task: tasks.at(-1) ?? null,
      tasks: Object.freeze([...tasks]),
      work: rows && Object.freeze([...rows]),
      token,
    });
  });
  return site.track(work);
}

/** One call that sends by itself. */
function run(
  site: SyncSite,
  operation: Operation,
  given: number,
  call: SyncCall,
  plan: () => Promise<ReadonlyMap<DocumentKey, SearchDocument | null>>,
): Promise<SyncResult> {
  return reported(site, operation, call, async () => {
    if (given > 0) refuseInTransaction(site, call);
    const changes = given > 0 ? await plan() : new Map<DocumentKey, null>();
    const tasks = await sendChanges(site, changes, call);
    const status = changes.size === 0 ? 'noop' : call.mode === 'inline' ? 'completed' : 'accepted';
    if (status === 'completed')
      documentsApplied({ entity: site.metadata.entity, documents: changes.size, source: 'sync' });
    return { status, keys: [...changes.keys()], tasks, work: null, token: null };
  });
}

/** One call where the outbox is the only way to the engine. */
function runOver(
  site: SyncSite,
  outbox: OutboxSite,
  operation: Operation,
  given: readonly DocumentKey[],
  call: SyncCall,
): Promise<SyncResult> {
  return reported(site, operation, call, async () => {
    const keys = [...new Set(given)];
    if (keys.length === 0) return { status: 'noop', keys, tasks: [], work: null, token: null };
    return { status: STATUS_OF[call.mode], keys, ...(await syncOverOutbox(outbox, site, keys, call)) };
  });
}

const STATUS_OF = { inline: 'completed', manual: 'accepted', queued: 'enqueued' } as const;

async function sendChanges(
  { backend, metadata, accepted }: SyncSite,
  changes: ReadonlyMap<DocumentKey, SearchDocument | null>,
  { index, mode, timeoutMs, signal }: SyncCall,
): Promise<readonly TaskRef[]> {
  if (changes.size === 0) return [];
  const batch: Batch = {
    index,
    upserts: [...changes.values()].filter((document) => document !== null),
    removals: [...changes].filter(([, document]) => document === null).map(([key]) => key),
  };
  const tasks = await send(backend, batch, accepted, signal);
  if (mode === 'inline') await waitForSuccess(backend, tasks, timeoutMs, metadata.entity, signal);
  return tasks;
}
