import type { EntityManager } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { SyncMode } from '../metadata/sync-mode.js';
import type { Projection } from '../projection/projection.js';
import { readRecords } from '../records/record-reader.js';
import { span } from '../telemetry/span.js';
import { type Batch, send, waitForSuccess } from './deliver.js';
import type { SyncResult } from './sync-result.js';
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
}

/** One call, every option resolved. */
export interface SyncCall {
  readonly mode: SyncMode;
  readonly index: string;
  readonly timeoutMs: number;
  readonly manager: EntityManager | undefined;
  readonly signal: AbortSignal | undefined;
}

type Operation = 'upsert' | 'delete';

/** Writes the documents of the records given, and removes those of records that do not belong in the index. */
export function syncRecords(site: SyncSite, records: readonly object[], call: SyncCall): Promise<SyncResult> {
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
  return run(site, 'upsert', keys.length, call, async () => {
    const records = await readRecords(call.manager ?? site.manager, site.metadata, [...new Set(keys)]);
    return new Map(keys.map((key) => [key, documentAt(site.projection, records, key)]));
  });
}

/** Removes documents by key. Reads no row and projects nothing. */
export function deleteKeys(site: SyncSite, keys: readonly DocumentKey[], call: SyncCall): Promise<SyncResult> {
  return run(site, 'delete', keys.length, call, async () => new Map(keys.map((key) => [key, null])));
}

const documentOrNull = (projection: Projection, record: object) =>
  projection.eligible(record) ? projection.stored(record) : null;

function documentAt(projection: Projection, records: ReadonlyMap<DocumentKey, object>, key: DocumentKey) {
  const record = records.get(key);
  return record === undefined ? null : documentOrNull(projection, record);
}

async function run(
  site: SyncSite,
  operation: Operation,
  given: number,
  call: SyncCall,
  plan: () => Promise<ReadonlyMap<DocumentKey, SearchDocument | null>>,
): Promise<SyncResult> {
  const { entity } = site.metadata;
  const facts = { entity, index: call.index, mode: call.mode, operation };
  return span('scrypath:sync', facts, async (context: typeof facts & { status?: string; documents?: number }) => {
    if (given > 0) refuseInTransaction(entity, call.index, call.manager);
    const changes = given > 0 ? await plan() : new Map<DocumentKey, null>();
    const tasks = await sendChanges(site, changes, call);
    const status = changes.size === 0 ? 'noop' : call.mode === 'inline' ? 'completed' : 'accepted';
    context.status = status;
    context.documents = changes.size;
    return Object.freeze<SyncResult>({
      mode: call.mode,
      status,
      keys: Object.freeze([...changes.keys()]),
      count: changes.size,
      index: call.index,
      task: tasks.at(-1) ?? null,
      tasks: Object.freeze(tasks),
      work: null,
      token: null,
    });
  });
}

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
