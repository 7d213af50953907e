import { decodeKey, encodeKey } from '../document/key-encoding.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';

/**
 * The text that a row of the outbox keeps of a document key: the primary key's one part as it is, or several parts as a
 * list `["a","b"]`. In the list only `"` and `\` are escaped, so that every database writes the same text with two calls of
 * REPLACE: their JSON functions differ in spaces and in how they spell control characters, and another text would be
 * another shard.
 * @throws ScrypathError `KEY_INVALID` where it is no key, or holds text that no database keeps
 */
export function storedKeyOf(key: DocumentKey): string {
  const parts = decodeKey(key);
  if (!parts.every((part) => part.isWellFormed())) {
    throw new ScrypathError({
      code: 'KEY_INVALID',
      happened: 'A key holds half of a surrogate pair, which no database stores as it is.',
      remedy: 'Give the key of a record that is in the database.',
    });
  }
  return parts.length === 1 ? parts[0]! : `[${parts.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(',')}]`;
}

/**
 * The document key of a stored text; the reverse of {@link storedKeyOf}.
 * @param fieldCount number of fields of the entity's primary key: text alone does not tell a list from a key in brackets
 * @throws ScrypathError `KEY_INVALID` where the text has another number of parts
 */
export function documentKeyOf(recordKey: string, fieldCount: number): DocumentKey {
  const parts = fieldCount === 1 ? [recordKey] : partsOf(recordKey);
  if (parts.length !== fieldCount) {
    throw new ScrypathError({
      code: 'KEY_INVALID',
      happened: `A row of the outbox holds no key of ${fieldCount} fields.`,
      remedy: 'Write the key as storedKeyOf or storedKeySql does.',
    });
  }
  return encodeKey(parts);
}

const LIST = /^\["(?:[^"\\]|\\["\\])*"(?:,"(?:[^"\\]|\\["\\])*")*\]$/;

function partsOf(list: string): string[] {
  if (!LIST.test(list)) return [];
  return [...list.matchAll(/"((?:[^"\\]|\\["\\])*)"/g)].map(([, part]) => part!.replace(/\\(["\\])/g, '$1'));
}
