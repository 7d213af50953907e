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
  const lines = linesOf(index, documents, maxBytes);
  return grouped(lines, maxBytes).map((group) => ({ body: `${group.join('\n')}\n`, count: group.length }));
}

/** One by one: what is made of a line beside its text is gone before the next. */
function* linesOf(index: string, documents: readonly SearchDocument[], maxBytes: number) {
  for (const document of documents) {
    const text = documentLine(document, index);
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > maxBytes) throw tooLarge(index, document.key, bytes, maxBytes);
    yield { text, bytes };
  }
}

/** Bodies of `delete-batch`: JSON arrays of keys, none above `maxBytes`. */
export function keyPayloads(index: string, keys: readonly DocumentKey[], maxBytes: number): Payload[] {
  const quoted = keys.map((key) => ({ text: `"${checkedKey(key, index)}"`, bytes: key.length + 3 }));
  return grouped(quoted, maxBytes - 2).map((group) => ({ body: `[${group.join(',')}]`, count: group.length }));
}

function grouped(items: Iterable<{ readonly text: string; readonly bytes: number }>, maxBytes: number): string[][] {
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
  checkedKey(key, index);
  if (KEY_ATTRIBUTE in data) return wellFormedJson({ ...data, [KEY_ATTRIBUTE]: key });
  // The key is put before the text: a copy of the document with the key in it took as long as writing it.
  const text = wellFormedJson(data);
  return `{"${KEY_ATTRIBUTE}":"${key}"${text === '{}' ? '}' : `,${text.slice(1)}`}`;
}

/** JSON.stringify writes half a surrogate pair as an escape, which the engine refuses with the whole payload. */
function wellFormedJson(value: object): string {
  const text = JSON.stringify(value);
  return LONE_SURROGATE_ESCAPE.test(text) ? JSON.stringify(wellFormed(value)) : text;
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
