import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

/** A write as a subscriber hears of it: the hooks carry the record in different members. */
export interface WriteEvent {
  readonly metadata: EntityMetadata;
  readonly entity?: ObjectLiteral | undefined;
  readonly databaseEntity?: ObjectLiteral | undefined;
  readonly entityId?: unknown;
}

/**
 * The key of the record that was written, or null where the event names none. The row as the database had it comes first:
 * after a removal the entity has lost its key.
 */
export function writtenKey({ key }: SearchMetadata, event: WriteEvent): DocumentKey | null {
  const { metadata, entity, databaseEntity, entityId } = event;
  const places = [
    () => metadata.getEntityIdMap(databaseEntity),
    () => metadata.getEntityIdMap(entity),
    () => entityId,
    () => metadata.ensureEntityIdMap(entityId as ObjectLiteral),
  ];
  for (const place of places) {
    try {
      const found = place();
      if (found !== undefined && found !== null) return key.from(found);
    } catch {
      // Not there, or no key: the next place may have it.
    }
  }
  return null;
}
