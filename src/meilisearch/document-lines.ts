import { checkedKey } from '../backend/names.js';
import { type DocumentKey, KEY_ATTRIBUTE, type SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { Part } from './parts.js';

const FIRST_CAPACITY = 8_192;
/** Bytes of a character of UTF-16 in UTF-8, at the most. */
const BYTES_A_CHARACTER = 3;
const LINE_FEED = 10;

/**
 * Documents as NDJSON, the cheapest form for the engine, in the order in which they were added: bytes in one buffer, so that
 * nothing of a document is left once it was added. Objects or texts that wait for an upload to be full grow old, and the
 * memory of old ones is taken back late.
 */
export class DocumentLines {
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #length = 0;
  #count = 0;
  /** Where payloads end that are full, and how many documents each holds. */
  #full: { readonly end: number; readonly count: number }[] = [];

  constructor(
    readonly index: string,
    /** No payload is larger. */
    readonly maxBytes: number,
  ) {}

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#length;
  }

  /** @throws ScrypathError `KEY_INVALID`; `BACKEND_REJECTED` where the document alone is above `maxBytes`. It is not added then. */
  add(document: SearchDocument): void {
    const text = documentLine(document, this.index);
    this.#reserve(text.length * BYTES_A_CHARACTER + 1);
    const end = this.#length + this.#buffer.write(text, this.#length);
    const bytes = end - this.#length + 1;
    if (bytes > this.maxBytes) throw tooLarge(this.index, document.key, bytes, this.maxBytes);
    this.#buffer[end] = LINE_FEED;
    const begun = this.#full.at(-1) ?? { end: 0, count: 0 };
    if (end + 1 - begun.end > this.maxBytes) this.#full.push({ end: this.#length, count: this.#count });
    this.#length = end + 1;
    this.#count += 1;
  }

  /** Views of the bytes, which the next `add` or `clear` may change. */
  payloads(): readonly Part<Uint8Array>[] {
    const ends = [...this.#full, { end: this.#length, count: this.#count }];
    return ends
      .map(({ end, count }, at) => {
        const before = ends[at - 1] ?? { end: 0, count: 0 };
        return { body: this.#buffer.subarray(before.end, end), count: count - before.count };
      })
      .filter(({ count }) => count > 0);
  }

  /** Empties it; the memory is kept for what is added next. */
  clear(): void {
    this.#length = 0;
    this.#count = 0;
    this.#full = [];
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
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
