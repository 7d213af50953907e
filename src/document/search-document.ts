import type { JsonObject } from './json.js';

/** The canonical id of a document: the record's primary key in the alphabet `[A-Za-z0-9_-]`, 1 to 511 bytes. */
export type DocumentKey = string;

/**
 * The attribute that carries the key in every document that a backend stores. It is the index's primary key; no declared
 * field and no hook may use the name.
 */
export const KEY_ATTRIBUTE = '_key';

/** What an index holds for one record. `data` never contains {@link KEY_ATTRIBUTE}. */
export interface SearchDocument {
  readonly key: DocumentKey;
  readonly data: JsonObject;
  /** Where `data` comes from: the declared fields, or the entity's own projection hook. */
  readonly source: 'fields' | 'custom';
}
