import { ScrypathError } from '../errors/scrypath-error.js';
import type { DocumentKey } from './search-document.js';

/** Longest key that an index takes, in bytes. The alphabet is ASCII, so bytes are characters. */
export const KEY_MAX_BYTES = 511;

const PLAIN = /^[A-Za-z0-9-]+$/;
const ENCODED = /^[A-Za-z0-9_-]{1,511}$/;

// After an underscore stands `_` for an underscore, two small hex digits for a byte of UTF-8, `U` and four hex digits for
// a lone surrogate, `E` for an empty part, or `-` for the border between two parts. Everything else stands for itself.
// So numbers and UUIDs are their own keys, and two different tuples never share one.
const SEPARATOR = '_-';
const EMPTY = '_E';

/**
 * The key of a record from the parts of its primary key, in the order of the key fields: one encoding for numbers, UUIDs,
 * text and composites. Reversible and collision-free.
 * @throws ScrypathError `KEY_INVALID` where the key would be longer than {@link KEY_MAX_BYTES}
 */
export function encodeKey(parts: readonly string[]): DocumentKey {
  const key = parts.length === 1 ? encodePart(parts[0]!) : parts.map(encodePart).join(SEPARATOR);
  if (key.length > KEY_MAX_BYTES) {
    throw new ScrypathError({
      code: 'KEY_INVALID',
      happened: `A primary key takes ${key.length} bytes as a document key; an index takes at most ${KEY_MAX_BYTES}.`,
      remedy: 'Use a shorter primary key, such as a number or a UUID.',
    });
  }
  return key;
}

/**
 * The parts of the primary key that a document key was made of.
 * @throws ScrypathError `KEY_INVALID` where it is not a key that {@link encodeKey} makes
 */
export function decodeKey(key: DocumentKey): string[] {
  if (!ENCODED.test(key)) throw notAKey();
  if (!key.includes('_')) return [key];
  const parts = splitParts(key).map(decodePart);
  // One spelling a key: anything else that happens to decode is not ours.
  if (encodeKey(parts) !== key) throw notAKey();
  return parts;
}

/** Splits at separators only: an escaped underscore may stand right before a hyphen. */
function splitParts(key: string): string[] {
  const parts = [''];
  for (const [piece] of key.matchAll(/_?./g)) {
    if (piece === SEPARATOR) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

function encodePart(part: string): string {
  if (PLAIN.test(part)) return part;
  if (part === '') return EMPTY;
  let encoded = '';
  for (const character of part) {
    if (PLAIN.test(character)) encoded += character;
    else if (character === '_') encoded += '__';
    else if (!character.isWellFormed()) encoded += `_U${character.charCodeAt(0).toString(16)}`;
    else for (const byte of Buffer.from(character, 'utf8')) encoded += `_${byte.toString(16).padStart(2, '0')}`;
  }
  return encoded;
}

function decodePart(part: string): string {
  if (part === EMPTY) return '';
  let decoded = '';
  let bytes: number[] = [];
  const flush = () => {
    decoded += Buffer.from(bytes).toString('utf8');
    bytes = [];
  };
  for (let at = 0; at < part.length; ) {
    const byte = /^_([0-9a-f]{2})/.exec(part.slice(at, at + 3));
    if (byte) {
      bytes.push(Number.parseInt(byte[1]!, 16));
      at += 3;
      continue;
    }
    flush();
    if (part[at] !== '_') decoded += part[at++];
    else if (part[at + 1] === '_') {
      decoded += '_';
      at += 2;
    } else {
      const surrogate = /^_U([0-9a-f]{4})/.exec(part.slice(at, at + 6));
      if (!surrogate) throw notAKey();
      decoded += String.fromCharCode(Number.parseInt(surrogate[1]!, 16));
      at += 6;
    }
  }
  flush();
  return decoded;
}

const notAKey = () =>
  new ScrypathError({
    code: 'KEY_INVALID',
    happened: 'The value given is not a document key.',
    remedy: 'Give a key as it stands in missingIds or in document(record).key.',
  });
