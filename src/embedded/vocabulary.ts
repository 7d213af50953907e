import { compareText, sortedTexts } from './facet-text.js';

/** Most words that one word of a query may stand for, by how it was found; the reference engine's limits. */
export const MAX_PREFIX_WORDS = 1000;
const MAX_ONE_TYPO_WORDS = 150;
const MAX_TWO_TYPO_WORDS = 50;

/** Words sharing a prefix of at most 4 bytes are searched as one when there are this many of them. */
const SHARED_PREFIX_WORDS = 100;
const SHARED_PREFIX_BYTES = 4;

/** The distinct words of an index, in memory: what prefixes and typos are expanded over. */
export class Vocabulary {
  private readonly counts = new Map<string, number>();
  private sorted: string[] = [];
  private readonly added = new Set<string>();
  private removed = false;

  /** One more row of text has the word. */
  add(word: string, rows = 1): void {
    const count = this.counts.get(word);
    if (count === undefined) this.added.add(word);
    this.counts.set(word, (count ?? 0) + rows);
  }

  /** One row of text less has the word. */
  remove(word: string): void {
    const count = this.counts.get(word);
    if (count === undefined) return;
    if (count > 1) this.counts.set(word, count - 1);
    else {
      this.counts.delete(word);
      this.removed = true;
    }
  }

  has(word: string): boolean {
    return this.counts.has(word);
  }

  get size(): number {
    return this.counts.size;
  }

  private words(): readonly string[] {
    if (this.added.size === 0 && !this.removed) return this.sorted;
    const kept = this.removed ? this.sorted.filter((word) => this.counts.has(word)) : this.sorted;
    // A word that went and came back is among the sorted ones already.
    const isKept = (word: string) =>
      this.removed && kept[lowerBound(kept, 0, (other) => compareText(other, word) >= 0)] === word;
    const fresh = sortedTexts([...this.added].filter((word) => this.counts.has(word) && !isKept(word)));
    this.sorted = merged(kept, fresh);
    this.added.clear();
    this.removed = false;
    return this.sorted;
  }

  /** Where in the sorted words those that start with `prefix` stand: from `start` up to, not including, `end`. */
  private range(prefix: string): { readonly words: readonly string[]; readonly start: number; readonly end: number } {
    const words = this.words();
    const start = lowerBound(words, 0, (word) => compareText(word, prefix) >= 0);
    const end = lowerBound(words, start, (word) => !word.startsWith(prefix));
    return { words, start, end };
  }

  /** Words that start with `prefix`, itself included, in text order. */
  startingWith(prefix: string, most = Number.POSITIVE_INFINITY): readonly string[] {
    const { words, start, end } = this.range(prefix);
    return words.slice(start, Math.min(end, start + most));
  }

  /** Whether so many words start with `prefix` that they are searched as one. */
  sharesPrefix(prefix: string): boolean {
    if (Buffer.byteLength(prefix) > SHARED_PREFIX_BYTES) return false;
    const { start, end } = this.range(prefix);
    return end - start >= SHARED_PREFIX_WORDS;
  }

  /** Words one typo away that start with the same letter. */
  oneTypoFrom(word: string, asPrefix: boolean): readonly string[] {
    const found: string[] = [];
    const { words, start, end } = this.range(firstLetter(word));
    scan(words, start, end, word, 1, asPrefix, (candidate, distance) => {
      if (distance === 1) found.push(candidate);
      return found.length < MAX_ONE_TYPO_WORDS;
    });
    return found;
  }

  /**
   * Words one and two typos away. A typo in the first letter counts as two; beyond the most that there may be of those, the
   * reference takes such words for one typo away, and so does this.
   */
  twoTyposFrom(word: string, asPrefix: boolean): { readonly one: readonly string[]; readonly two: readonly string[] } {
    const one: string[] = [];
    const two: string[] = [];
    const words = this.words();
    const { start, end } = this.range(firstLetter(word));
    const wantsMore = () => one.length < MAX_ONE_TYPO_WORDS || two.length < MAX_TWO_TYPO_WORDS;
    const otherLetter = (candidate: string, distance: number) => {
      if (two.length < MAX_TWO_TYPO_WORDS) two.push(candidate);
      else if (distance === 1 && one.length < MAX_ONE_TYPO_WORDS) one.push(candidate);
      return wantsMore();
    };
    const sameLetter = (candidate: string, distance: number) => {
      if (distance === 1 && one.length < MAX_ONE_TYPO_WORDS) one.push(candidate);
      else if (distance === 2 && two.length < MAX_TWO_TYPO_WORDS) two.push(candidate);
      return wantsMore();
    };
    scan(words, 0, start, word, 1, asPrefix, otherLetter);
    if (wantsMore()) scan(words, start, end, word, 2, asPrefix, sameLetter);
    if (wantsMore()) scan(words, end, words.length, word, 1, asPrefix, otherLetter);
    return { one, two };
  }
}

const firstLetter = (word: string): string => String.fromCodePoint(word.codePointAt(0)!);

function merged(left: readonly string[], right: readonly string[]): string[] {
  if (right.length === 0) return [...left];
  if (left.length === 0) return [...right];
  const all: string[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    all.push(compareText(left[l]!, right[r]!) <= 0 ? left[l++]! : right[r++]!);
  }
  while (l < left.length) all.push(left[l++]!);
  while (r < right.length) all.push(right[r++]!);
  return all;
}

function lowerBound(words: readonly string[], from: number, holds: (word: string) => boolean): number {
  let low = from;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(words[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const OPEN = 255;

/**
 * Visits the words between `start` and `end` that are at most `most` typos away from `word`; `visit` ends the scan by
 * returning false. Neighbouring words share their beginnings, so a row of the distance table is made once for a shared
 * letter, and a beginning that is too far already is jumped over with everything that starts with it. Looking for a prefix,
 * the distance is settled as soon as no part of the query is nearer than the whole of it; what follows does not count.
 */
function scan(
  words: readonly string[],
  start: number,
  end: number,
  word: string,
  most: number,
  asPrefix: boolean,
  visit: (candidate: string, distance: number) => boolean,
): void {
  const query = lettersOf(word);
  const width = query.length + 1;
  const rows: Uint8Array[] = [Uint8Array.from({ length: width }, (_, i) => Math.min(i, OPEN))];
  const nearest: number[] = [0];
  const settled: number[] = [OPEN];
  let previous: number[] = [];
  let index = start;
  while (index < end) {
    const candidate = words[index]!;
    const letters = lettersOf(candidate);
    let depth = 0;
    while (depth < previous.length && depth < letters.length && previous[depth] === letters[depth]) depth += 1;
    let tooFar = false;
    while (depth < letters.length && settled[depth] === OPEN && !tooFar) {
      const row = rows[depth + 1] ?? new Uint8Array(width);
      rows[depth + 1] = row;
      fillRow(row, rows[depth]!, depth > 0 ? rows[depth - 1]! : null, query, letters, depth);
      depth += 1;
      let partial = OPEN;
      for (let i = 0; i < width - 1; i += 1) if (row[i]! < partial) partial = row[i]!;
      const whole = row[width - 1]!;
      nearest[depth] = Math.min(partial, whole);
      settled[depth] = asPrefix && whole <= most && whole <= partial ? whole : OPEN;
      // Two letters back is where a swap starts from.
      tooFar = nearest[depth]! > most && nearest[depth - 1]! >= most;
    }
    previous = letters.slice(0, depth);
    if (tooFar) {
      const beginning = String.fromCodePoint(...previous);
      index = lowerBoundWithin(words, index + 1, end, (other) => !other.startsWith(beginning));
      continue;
    }
    const distance = settled[depth] === OPEN ? rows[depth]![width - 1]! : settled[depth]!;
    if (distance <= most && !visit(candidate, distance)) return;
    index += 1;
  }
}

function lettersOf(text: string): number[] {
  const letters: number[] = [];
  for (const char of text) letters.push(char.codePointAt(0)!);
  return letters;
}

function lowerBoundWithin(
  words: readonly string[],
  from: number,
  end: number,
  holds: (word: string) => boolean,
): number {
  // The stretch to jump is short as a rule: look near first, then double.
  let step = 1;
  let low = from;
  while (low + step < end && !holds(words[low + step]!)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(end, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(words[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One row of the distance table, where swapping two neighbours is one typo. */
function fillRow(
  row: Uint8Array,
  above: Uint8Array,
  aboveThat: Uint8Array | null,
  query: readonly number[],
  letters: readonly number[],
  depth: number,
): void {
  const letter = letters[depth]!;
  row[0] = Math.min(depth + 1, OPEN);
  for (let i = 1; i < row.length; i += 1) {
    let distance = above[i - 1]! + (query[i - 1] === letter ? 0 : 1);
    if (above[i]! + 1 < distance) distance = above[i]! + 1;
    if (row[i - 1]! + 1 < distance) distance = row[i - 1]! + 1;
    if (
      aboveThat !== null &&
      i > 1 &&
      query[i - 1] === letters[depth - 1] &&
      query[i - 2] === letter &&
      aboveThat[i - 2]! + 1 < distance
    ) {
      distance = aboveThat[i - 2]! + 1;
    }
    row[i] = Math.min(distance, OPEN);
  }
}
