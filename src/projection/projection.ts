import type { JsonObject, JsonValue } from '../document/json.js';
import { orderText } from '../document/order-text.js';
import type { SearchDocument } from '../document/search-document.js';
import { ORDER_ATTRIBUTE, type SearchField, type SearchMetadata } from '../metadata/search-metadata.js';
import { compileFields } from './field-projection.js';
import { compileHook } from './hook-projection.js';

/** Makes documents from the records of one entity. Loads nothing. */
export interface Projection {
  /** Whether the record belongs in the index: it is not soft-deleted, and the entity's `when` holds. */
  readonly eligible: (record: object) => boolean;
  /** The record's document: key, data and where the data comes from. */
  readonly document: (record: object) => SearchDocument;
  /** The document as an index stores it: with the places by which exact numbers are compared. */
  readonly stored: (record: object) => SearchDocument;
}

export function projectionOf(metadata: SearchMetadata): Projection {
  const { key, hook, when, source } = metadata;
  const deletedAt = metadata.deletedAt?.split('.') ?? null;
  const dataOf = hook === null ? compileFields(metadata.entity, metadata.fields) : compileHook(metadata, hook);
  const document = (record: object): SearchDocument => {
    const documentKey = key.of(record);
    return Object.freeze({ key: documentKey, data: dataOf(record, documentKey), source });
  };
  const compared = metadata.fields.filter((field) => field.kind === 'exact' && (field.filterable || field.sortable));
  return {
    eligible: (record) => !isDeleted(record, deletedAt) && (when === null || when(record)),
    document,
    stored: compared.length === 0 ? document : (record) => withOrder(document(record), compared),
  };
}

function isDeleted(record: object, path: readonly string[] | null): boolean {
  if (path === null) return false;
  const date = path.reduce<unknown>(
    (owner, name) => (owner as Record<string, unknown> | null | undefined)?.[name],
    record,
  );
  return date !== null && date !== undefined;
}

function withOrder(document: SearchDocument, fields: readonly SearchField[]): SearchDocument {
  const order: Record<string, JsonValue> = {};
  for (const { name } of fields) {
    const names = name.split('.');
    let level = order;
    for (const parent of names.slice(0, -1)) {
      level[parent] ??= {};
      level = level[parent] as Record<string, JsonValue>;
    }
    level[names.at(-1)!] = placesOf(document.data, names);
  }
  return Object.freeze({ ...document, data: Object.freeze({ ...document.data, [ORDER_ATTRIBUTE]: order }) });
}

function placesOf(value: JsonValue | undefined, names: readonly string[]): JsonValue {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.flatMap((element: JsonValue) => placesOf(element, names) ?? []);
  const [name, ...rest] = names;
  if (name !== undefined) return typeof value === 'object' ? placesOf((value as JsonObject)[name], rest) : null;
  return typeof value === 'string' || typeof value === 'number' ? orderText(value) : null;
}
