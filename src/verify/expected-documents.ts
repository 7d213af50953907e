import { type EntityManager, QueryFailedError, TypeORMError } from 'typeorm';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Projection } from '../projection/projection.js';
import { inHalves } from '../records/in-halves.js';
import { readRecords } from '../records/record-reader.js';

/** What an index shall hold for a key, or why that cannot be said. */
export type Expected =
  | { readonly kind: 'document'; readonly document: SearchDocument }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What an index shall hold for the keys. A key that shall have no document is left out. */
export async function expectedDocuments(
  manager: EntityManager,
  { metadata, projection }: { readonly metadata: SearchMetadata; readonly projection: Projection },
  keys: readonly DocumentKey[],
): Promise<ReadonlyMap<DocumentKey, Expected>> {
  const expected = new Map<DocumentKey, Expected>();
  const records = new Map<DocumentKey, object>();
  await readInHalves(
    keys,
    async (some) => {
      for (const [key, record] of await readRecords(manager, metadata, some)) records.set(key, record);
    },
    (key, error) => expected.set(key, { kind: 'failed', error }),
  );
  for (const [key, record] of records) {
    const one = expectedOf(projection, key, record);
    if (one !== null) expected.set(key, one);
  }
  return expected;
}

/** What an index shall hold of a record; null where that is no document. */
export function expectedOf(projection: Projection, key: DocumentKey, record: object): Expected | null {
  try {
    return projection.eligible(record) ? { kind: 'document', document: projection.stored(record, key) } : null;
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Reads keys in halves. A key that the database cannot even look for is no row's. */
export const readInHalves = (
  keys: readonly DocumentKey[],
  read: (keys: readonly DocumentKey[]) => Promise<void>,
  failed: (key: DocumentKey, error: unknown) => void,
): Promise<void> =>
  inHalves(
    keys,
    read,
    (error) => error instanceof TypeORMError && !isBadValue(error),
    (key, error) => {
      if (!isBadValue(error)) failed(key, error);
    },
  );

/** SQLSTATE class 22, data exception: a number beyond the column's type, a text that is not in its encoding. */
const isBadValue = (error: unknown): boolean =>
  error instanceof QueryFailedError && /^22/.test(String((error.driverError as { code?: unknown } | undefined)?.code));
