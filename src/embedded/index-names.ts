import { ScrypathError } from '../errors/scrypath-error.js';

const INDEX_NAME = /^[A-Za-z0-9_-]{1,400}$/;
const DOCUMENT_KEY = /^[A-Za-z0-9_-]{1,511}$/;

export function requireIndexName(name: string): void {
  if (typeof name === 'string' && INDEX_NAME.test(name)) return;
  throw new ScrypathError({
    code: 'INDEX_NAME_INVALID',
    happened: `${shown(name)} cannot be the name of an index.`,
    remedy: 'Use 1 to 400 of the characters A-Z a-z 0-9 _ and -.',
  });
}

export function requireDocumentKeys(index: string, keys: Iterable<string>): void {
  for (const key of keys) {
    if (typeof key === 'string' && DOCUMENT_KEY.test(key)) continue;
    throw new ScrypathError({
      code: 'KEY_INVALID',
      happened: `${shown(key)} cannot be the key of a document of the index "${index}".`,
      remedy: 'A key has 1 to 511 of the characters A-Z a-z 0-9 _ and -.',
      index,
    });
  }
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};
