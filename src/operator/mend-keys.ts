import type { DocumentKey } from '../document/search-document.js';
import { append } from '../outbox/append.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { documentKeyOf, storedKeyOf } from '../outbox/stored-key.js';
import { markIn } from '../sync/outbox-sync.js';
import { type SyncSite, syncKeys } from '../sync/sync-verbs.js';

/** What was done for keys. */
export interface Mended {
  /** Keys that were marked dirty, or synced where there is no outbox. */
  readonly count: number;
  /** Documents whose key no record can have: somebody else wrote them, and only a reindex leaves them behind. */
  readonly foreign: readonly DocumentKey[];
}

/**
 * Lets the database say once more what the index shall hold of the keys. With an outbox they are marked dirty under the
 * token, and sent like any other work; without one they are read and synced here.
 */
export async function mendKeys(
  site: SyncSite,
  keys: readonly DocumentKey[],
  call: { readonly token: string; readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Mended> {
  const { outbox, metadata } = site;
  const { token, timeoutMs, signal } = call;
  if (outbox === null) {
    if (keys.length > 0)
      await syncKeys(site, keys, { mode: 'inline', timeoutMs, signal, manager: undefined, index: metadata.indexName });
    return { count: keys.length, foreign: [] };
  }
  const dirty: DirtyKey[] = [];
  const foreign: DocumentKey[] = [];
  for (const key of keys) {
    const recordKey = storedKeyOrNull(key, metadata.keyFields.length);
    if (recordKey === null) foreign.push(key);
    else dirty.push({ entity: metadata.entity, recordKey });
  }
  if (dirty.length === 0) return { count: 0, foreign };
  const { count } = await markIn(outbox, site, undefined, async (manager) => {
    const marks = await append(manager, dirty, 'repair', token);
    const fed = await outbox.feed?.join(manager, { token, count: marks.length, keys: marks });
    return { token, count: marks.length, fed: fed ?? 0 };
  });
  return { count, foreign };
}

/** One of another number of parts would come back from the outbox as another key. */
function storedKeyOrNull(key: DocumentKey, fields: number): string | null {
  try {
    const stored = storedKeyOf(key);
    return documentKeyOf(stored, fields) === key ? stored : null;
  } catch {
    return null;
  }
}
