import { decomposed, wellFormed } from './tokenizer.js';

const MAX_BYTES = 468;
const EDGE_SPACE = /^\p{White_Space}+|\p{White_Space}+$/gu;

/** The form in which strings are compared by filters, sorts and facets: case and edge space do not count, accents do. */
export function normalizedFacet(text: string): string {
  return decomposed(wellFormed(text).replace(EDGE_SPACE, '')).toLowerCase();
}

/** The part of a normalized value that an index keeps: values are told apart by their first 468 bytes. */
export function truncatedFacet(normalized: string): string {
  if (normalized.length * 3 <= MAX_BYTES || Buffer.byteLength(normalized) <= MAX_BYTES) return normalized;
  let bytes = 0;
  let end = 0;
  for (const char of normalized) {
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_BYTES) break;
    end += char.length;
  }
  return normalized.slice(0, end);
}

/** Order by code point, which is the order of the UTF-8 bytes; JavaScript's own order puts emoji before some of the BMP. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

/** Texts in the order of {@link compareText}, by the built-in sort where the two orders are the same. */
export const sortedTexts = (texts: string[]): string[] =>
  texts.some((text) => /[\ud800-\uffff]/.test(text)) ? texts.sort(compareText) : texts.sort();

const codePointRank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

const FINITE_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a filter value stands for besides its text, or null. */
export function numberIn(text: string): number | null {
  if (text.length > 400 || !FINITE_NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
