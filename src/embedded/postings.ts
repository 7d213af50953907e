import { MAX_FIELDS } from './document-fields.js';
import type { Statements } from './sqlite.js';

/** Where a word occurs: three lists of equal length, in order of document, field and position. */
export interface Postings {
  readonly docs: Uint32Array;
  readonly fields: Uint16Array;
  readonly positions: Uint16Array;
}

/** Occurrences of many words; `words` numbers the word of each one. */
export interface PrefixPostings extends Postings {
  readonly words: Uint32Array;
}

const NOWHERE: Postings = { docs: new Uint32Array(0), fields: new Uint16Array(0), positions: new Uint16Array(0) };

/** One row of the full-text table holds the words of one field of one document. */
const FIELDS_A_DOCUMENT = MAX_FIELDS;

export const textRowOf = (doc: number, field: number): number => doc * FIELDS_A_DOCUMENT + field;

export const fieldOfTextRow = (row: number): number => row % FIELDS_A_DOCUMENT;

/** Most memory that cached postings take, in occurrences of 8 bytes. */
const MAX_CACHED_OCCURRENCES = 4_000_000;

const MAX_CACHED_PREFIXES = 16;

/** Reads words' occurrences from a full-text table, and keeps those read last. */
export class PostingsReader {
  private readonly cache = new Map<string, Postings>();
  private readonly prefixes = new Map<string, PrefixPostings>();
  private cachedOccurrences = 0;

  constructor(
    private readonly statements: Statements,
    private readonly vocabularyTable: string,
    private readonly termTable: string,
  ) {}

  of(word: string): Postings {
    const cached = this.cache.get(word);
    if (cached !== undefined) {
      this.cache.delete(word);
      this.cache.set(word, cached);
      return cached;
    }
    const row = this.statements.row(
      `SELECT json_group_array(doc), json_group_array(offset) FROM ${this.vocabularyTable} WHERE term = ?`,
      [encodedWord(word)],
    ) as [string, string];
    return this.remember(word, row);
  }

  private remember(word: string, [rowList, offsetList]: readonly [string, string]): Postings {
    const postings = unpacked(rowList, offsetList);
    const { length } = postings.docs;
    if (length === 0) return postings;
    this.cache.set(word, postings);
    this.cachedOccurrences += length;
    for (const [oldest, { docs }] of this.cache) {
      if (this.cachedOccurrences <= MAX_CACHED_OCCURRENCES) break;
      this.cache.delete(oldest);
      this.cachedOccurrences -= docs.length;
    }
    return postings;
  }

  /** The occurrences of every word that starts with `prefix`, in the order of the words. */
  ofPrefix(prefix: string): PrefixPostings {
    const cached = this.prefixes.get(prefix);
    if (cached !== undefined) return cached;
    const bounds = [encodedWord(prefix), `${encodedWord(prefix)}\u{10ffff}`];
    const [rows, offsets] = this.statements.row(
      `SELECT json_group_array(doc), json_group_array(offset) FROM ${this.vocabularyTable} WHERE term >= ? AND term < ?`,
      bounds,
    ) as [string, string];
    const [counts] = this.statements.row(
      `SELECT json_group_array(cnt) FROM ${this.termTable} WHERE term >= ? AND term < ?`,
      bounds,
    ) as [string];
    const postings = unpacked(rows, offsets);
    const words = new Uint32Array(postings.docs.length);
    let from = 0;
    for (const [word, count] of (JSON.parse(counts) as number[]).entries()) {
      words.fill(word, from, from + count);
      from += count;
    }
    const found = { ...postings, words };
    if (this.prefixes.size >= MAX_CACHED_PREFIXES) this.prefixes.clear();
    this.prefixes.set(prefix, found);
    return found;
  }

  /** Forgets what was read of a word, because rows that have it were written. */
  forget(word: string): void {
    if (this.prefixes.size > 0) this.prefixes.clear();
    const cached = this.cache.get(word);
    if (cached === undefined) return;
    this.cache.delete(word);
    this.cachedOccurrences -= cached.docs.length;
  }
}

function unpacked(rowList: string, offsetList: string): Postings {
  if (rowList === '[]') return NOWHERE;
  const rows = JSON.parse(rowList) as number[];
  const postings: Postings = {
    docs: new Uint32Array(rows.length),
    fields: new Uint16Array(rows.length),
    positions: Uint16Array.from(JSON.parse(offsetList) as number[]),
  };
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    const doc = Math.floor(row / FIELDS_A_DOCUMENT);
    postings.docs[i] = doc;
    postings.fields[i] = row - doc * FIELDS_A_DOCUMENT;
  }
  return postings;
}

// The table's tokenizer keeps every printable character in a word, and makes capitals small: what it would lose is written
// as characters for private use, and read back.
const LOST = /[\0-\x20A-Z\x7f]/g;
const PRIVATE = /[\u{f0000}-\u{f007f}]/gu;
const FIRST_PRIVATE = 0xf0000;

/** A word in the alphabet of the full-text table. */
const encodedWord = (word: string): string =>
  word.replace(LOST, (char) => String.fromCodePoint(FIRST_PRIVATE + char.charCodeAt(0)));

export const decodedWord = (stored: string): string =>
  stored.replace(PRIVATE, (char) => String.fromCharCode(char.codePointAt(0)! - FIRST_PRIVATE));

const MAX_COUNTED_WORDS = 30;

/**
 * The text of a row: words at their positions, a filler wherever a position is skipped, and last a mark that tells how
 * many words there are. Neither can be mistaken for a word, since `_` always separates words.
 */
export function rowText(words: readonly string[], positions: readonly number[]): string {
  let text = '';
  let next = 0;
  for (let i = 0; i < words.length; i += 1) {
    for (; next < positions[i]!; next += 1) text += '_ ';
    text += `${encodedWord(words[i]!)} `;
    next += 1;
  }
  return words.length <= MAX_COUNTED_WORDS ? `${text}${countMark(words.length)}` : text;
}

/** The mark of rows that have this many words. */
export const countMark = (words: number): string => `_${words}`;

export const isMark = (stored: string): boolean => stored.startsWith('_');
