import { checkedKey } from '../backend/names.js';
import { type DocumentKey, KEY_ATTRIBUTE, type SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';

/** The body of one request, and how many documents or keys it holds. */
export interface Payload {
  readonly body: string;
  readonly count: number;
}

/** Bodies of NDJSON, the cheapest form for the engine, in document order, none above `maxBytes`. */
export function documentPayloads(index: string, documents: readonly SearchDocument[], maxBytes: number): Payload[] {
  const lines = documents.map((document) => {
    const line = documentLine(document, index);
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > maxBytes) throw tooLarge(index, document.key, bytes, maxBytes);
    return { text: line, bytes };
  });
  return grouped(lines, maxBytes).map((group) => ({ body: `${group.join('\n')}\n`, count: group.length }));
}

/** Bodies of `delete-batch`: JSON arrays of keys, none above `maxBytes`. */
export function keyPayloads(index: string, keys: readonly DocumentKey[], maxBytes: number): Payload[] {
  const quoted = keys.map((key) => ({ text: `"${checkedKey(key, index)}"`, bytes: key.length + 3 }));
  return grouped(quoted, maxBytes - 2).map((group) => ({ body: `[${group.join(',')}]`, count: group.length }));
}

function grouped(items: readonly { readonly text: string; readonly bytes: number }[], maxBytes: number): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  let size = 0;
  for (const { text, bytes } of items) {
    if (size + bytes > maxBytes && group.length > 0) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(text);
    size += bytes;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

function documentLine({ key, data }: SearchDocument, index: string): string {
  const document = {
    [KEY_ATTRIBUTE]: checkedKey(key, index),
    ...data,
    ...(KEY_ATTRIBUTE in data ? { [KEY_ATTRIBUTE]: key } : {}),
  };
  const line = JSON.stringify(document);
  // JSON.stringify writes half a surrogate pair as an escape, which the engine refuses with the whole payload.
  return LONE_SURROGATE_ESCAPE.test(line) ? JSON.stringify(wellFormed(document)) : line;
}

/** Also true for the same six characters as plain text; then the second pass changes nothing. */
const LONE_SURROGATE_ESCAPE = /\\ud[89a-f]/;

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), wellFormed(member)]));
}

const tooLarge = (index: string, key: DocumentKey, bytes: number, maxBytes: number): ScrypathError =>
  new ScrypathError({
    code: 'BACKEND_REJECTED',
    happened: `Document "${key}" of index "${index}" has ${bytes} bytes; maxPayloadBytes is ${maxBytes}. Nothing was sent.`,
    remedy: 'Declare fewer or shorter fields for it, or raise maxPayloadBytes (and the limit of the server with it).',
    index,
  });
