import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { isIndexName } from '../metadata/index-name.js';

const DOCUMENT_KEY = /^[A-Za-z0-9_-]{1,511}$/;

/** The name, which can stand in a path or a statement as it is. Throws `INDEX_NAME_INVALID`. */
export function checkedIndexName(index: string): string {
  if (typeof index === 'string' && isIndexName(index)) return index;
  throw new ScrypathError({
    code: 'INDEX_NAME_INVALID',
    happened: `${shown(index)} cannot be the name of an index.`,
    remedy: 'Use 1 to 400 of the characters A-Z a-z 0-9 _ and -.',
  });
}

/** The key of a document of the index. Throws `KEY_INVALID`, which does not show the key. */
export function checkedKey(key: DocumentKey, index: string): DocumentKey {
  if (typeof key === 'string' && DOCUMENT_KEY.test(key)) return key;
  throw new ScrypathError({
    code: 'KEY_INVALID',
    happened: `A value was given that cannot be the key of a document of the index "${index}".`,
    remedy: 'A key has 1 to 511 of the characters A-Z a-z 0-9 _ and -.',
    index,
  });
}

const shown = (name: unknown): string =>
  typeof name === 'string' ? JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name) : `A ${typeof name}`;
