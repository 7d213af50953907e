import type { JsonObject, JsonValue } from '../document/json.js';
import { ORDER_MAX_DIGITS, orderText } from '../document/order-text.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { isThenable, kindOf } from '../metadata/given.js';
import { ORDER_ATTRIBUTE, type SearchField, type SearchMetadata } from '../metadata/search-metadata.js';
import { compileFields } from './field-projection.js';
import { compileHook } from './hook-projection.js';
import { wrapThrown } from './wrap-thrown.js';

/** Makes documents from the records of one entity. Loads nothing. */
export interface Projection {
  /**
   * Whether the record belongs in the index: it is not soft-deleted, and the entity's `when` holds. Throws
   * `PROJECTION_FAILED` where `when` throws, gives no boolean, or is false for a record of which columns are missing.
   */
  readonly eligible: (record: object) => boolean;
  /** The record's document: key, data and where the data comes from. Who has its key already gives it. */
  readonly document: (record: object, key?: DocumentKey) => SearchDocument;
  /** The document as an index stores it: with the places by which exact numbers are compared. */
  readonly stored: (record: object, key?: DocumentKey) => SearchDocument;
}

export function projectionOf(metadata: SearchMetadata): Projection {
  const { key, hook, source } = metadata;
  const deletedAt = metadata.deletedAt?.split('.') ?? null;
  const dataOf = hook === null ? compileFields(metadata.entity, metadata.fields) : compileHook(metadata, hook);
  const document = (record: object, documentKey = key.of(record)): SearchDocument => {
    return Object.freeze({ key: documentKey, data: dataOf(record, documentKey), source });
  };
  const compared = metadata.fields.filter((field) => field.kind === 'exact' && (field.filterable || field.sortable));
  return {
    eligible: (record) => !isDeleted(record, deletedAt) && holds(metadata, record),
    document,
    stored:
      compared.length === 0 ? document : (record, own) => withOrder(metadata.entity, document(record, own), compared),
  };
}

function isDeleted(record: object, path: readonly string[] | null): boolean {
  if (path === null) return false;
  const date = valueAt(record, path);
  return date !== null && date !== undefined;
}

const valueAt = (record: object, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (owner, name) => (owner === null ? null : (owner as Record<string, unknown> | undefined)?.[name]),
    record,
  );

function holds({ entity, when, plainColumns }: SearchMetadata, record: object): boolean {
  if (when === null) return true;
  const given: unknown = wrapThrown(entity, `What "when" says of a ${entity}`, () => when(record));
  if (given === true) return true;
  if (isThenable(given)) given.then(undefined, () => undefined);
  if (given !== false)
    throw new ScrypathError({
      code: 'PROJECTION_FAILED',
      entity,
      happened: `The "when" of ${entity} gave ${kindOf(given)}; it says true or false.`,
      remedy: 'Let it decide at once, by what is loaded: it cannot be awaited.',
    });
  // A false "when" removes the document. It must not be false only because a column was not loaded.
  const missing = plainColumns.find(
    ({ path, subclass }) =>
      (subclass === null || record instanceof subclass) && valueAt(record, path.split('.')) === undefined,
  );
  if (missing)
    throw new ScrypathError({
      code: 'PROJECTION_FAILED',
      entity,
      happened: `The "when" of ${entity} is false for a partial record: it has no value, not even null, for ${missing.path}.`,
      remedy: 'Load the whole record before syncing it, or give its key to syncKeys.',
    });
  return false;
}

function withOrder(entity: string, document: SearchDocument, fields: readonly SearchField[]): SearchDocument {
  const order: Record<string, JsonValue> = {};
  for (const { path, name } of fields) {
    const names = name.split('.');
    let level = order;
    for (const parent of names.slice(0, -1)) {
      level[parent] ??= {};
      level = level[parent] as Record<string, JsonValue>;
    }
    level[names.at(-1)!] = placesOf(document.data, names, () => notComparable(entity, path));
  }
  return Object.freeze({ ...document, data: Object.freeze({ ...document.data, [ORDER_ATTRIBUTE]: order }) });
}

function placesOf(value: JsonValue | undefined, names: readonly string[], wrong: () => Error): JsonValue {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.flatMap((element: JsonValue) => placesOf(element, names, wrong) ?? []);
  const [name, ...rest] = names;
  if (name !== undefined) return typeof value === 'object' ? placesOf((value as JsonObject)[name], rest, wrong) : null;
  const place = typeof value === 'string' || typeof value === 'number' ? orderText(value) : null;
  if (place === null) throw wrong();
  return place;
}

const notComparable = (entity: string, path: string) =>
  new ScrypathError({
    code: 'PROJECTION_FAILED',
    entity,
    happened: `The value of ${path} of a ${entity} is no decimal number of at most ${ORDER_MAX_DIGITS} digits, so it cannot be compared.`,
    remedy:
      'Give a number, a bigint or a decimal as text, or null; or declare the field neither filterable nor sortable.',
  });
