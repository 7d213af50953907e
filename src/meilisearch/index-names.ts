import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';

const INDEX_NAME = /^[A-Za-z0-9_-]{1,400}$/;
const DOCUMENT_KEY = /^[A-Za-z0-9_-]{1,511}$/;

/**
 * The name as it stands in a request path. The client puts names into paths as they are, so that `../keys` would be
 * another route: what is no index name never gets that far.
 */
export function checkedIndexName(index: string): string {
  if (typeof index === 'string' && INDEX_NAME.test(index)) return index;
  throw new ScrypathError({
    code: 'INDEX_NAME_INVALID',
    happened: `${shown(index)} cannot be the name of an index.`,
    remedy: 'Use 1 to 400 letters, digits, hyphens and underscores.',
  });
}

export function checkedKey(key: DocumentKey, index: string): DocumentKey {
  if (typeof key === 'string' && DOCUMENT_KEY.test(key)) return key;
  throw new ScrypathError({
    code: 'KEY_INVALID',
    happened: `${shown(key)} cannot be the key of a document of index "${index}".`,
    remedy: 'A key has 1 to 511 letters, digits, hyphens and underscores.',
    index,
  });
}

export function checkedTaskId(id: number): number {
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw new ScrypathError({
    code: 'TASK_UNKNOWN',
    happened: `${shown(id)} cannot be the id of a task.`,
    remedy: 'Give the id that the engine returned: a whole number from 0.',
  });
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value) : String(value);
