import type { DocumentKey } from '../document/search-document.js';

const BUCKETS = 2 ** 16;

/**
 * Tells which keys may be on one side alone, in memory that does not grow with their number: each key is counted and summed
 * in one of 65,536 buckets, by two hashes; what is on both sides cancels out. A bucket that is not at zero holds a key that is
 * not on both; one that is at zero holds none, but for a coincidence of 64 bits.
 */
export class KeySums {
  readonly #counts = new Int32Array(BUCKETS);
  readonly #first = new Int32Array(BUCKETS);
  readonly #second = new Int32Array(BUCKETS);

  add(key: DocumentKey): void {
    this.#sum(key, 1);
  }

  subtract(key: DocumentKey): void {
    this.#sum(key, -1);
  }

  /** Whether every key was on both sides. */
  get isEven(): boolean {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) if (this.#isOdd(bucket)) return false;
    return true;
  }

  /** Whether the key's bucket holds one that was on one side alone: it, or another. */
  isSuspect(key: DocumentKey): boolean {
    return this.#isOdd(hash(key, 0x9e3779b9) & (BUCKETS - 1));
  }

  #isOdd(bucket: number): boolean {
    return this.#counts[bucket] !== 0 || this.#first[bucket] !== 0 || this.#second[bucket] !== 0;
  }

  #sum(key: DocumentKey, sign: 1 | -1): void {
    const first = hash(key, 0x9e3779b9);
    const bucket = first & (BUCKETS - 1);
    this.#counts[bucket]! += sign;
    this.#first[bucket]! += sign * first;
    this.#second[bucket]! += sign * hash(key, 0x85ebca6b);
  }
}

/** MurmurHash3's mixing, a character at a time. */
function hash(key: string, seed: number): number {
  let mixed = seed;
  for (let at = 0; at < key.length; at += 1) mixed = Math.imul(mixed ^ key.charCodeAt(at), 0x5bd1e995) ^ (mixed >>> 15);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}
