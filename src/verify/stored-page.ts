import type { CallOptions, DocumentReader } from '../backend/backend.js';
import type { JsonObject } from '../document/json.js';
import type { DocumentKey } from '../document/search-document.js';
import type { Expected } from './expected-documents.js';
import { differenceOf } from './verdict.js';

/** What an index holds of a page of keys. */
export interface StoredPage {
  has(key: DocumentKey): boolean;
  /** Whether the document of a key is not what it shall be, which is undefined where there shall be none. */
  differs(key: DocumentKey, expected: Expected | undefined): boolean;
}

export async function storedPage(
  reader: DocumentReader,
  index: string,
  keys: readonly DocumentKey[],
  options: CallOptions,
): Promise<StoredPage> {
  if (reader.texts !== undefined) return asTexts(await reader.texts(index, keys, options));
  const stored = new Map((await reader.fetch(index, keys, options)).map((document) => [document.key, document]));
  return {
    has: (key) => stored.has(key),
    differs: (key, expected) => differenceOf(key, expected, stored.get(key)) !== null,
  };
}

/** The same text is the same JSON, and to write one is half the work of reading the other; only where they differ it is read. */
const asTexts = (texts: ReadonlyMap<DocumentKey, string>): StoredPage => ({
  has: (key) => texts.has(key),
  differs: (key, expected) => {
    const text = texts.get(key);
    if (text === undefined) return differenceOf(key, expected, undefined) !== null;
    if (expected?.kind === 'document' && isText(expected.document.data, text)) return false;
    const data = readText(text);
    return data === null || differenceOf(key, expected, { key, data }) !== null;
  },
});

function isText(data: JsonObject, text: string): boolean {
  const written = JSON.stringify(data);
  return written.length === text.length + 2 && written.startsWith(text, 1);
}

function readText(text: string): JsonObject | null {
  try {
    return JSON.parse(`{${text}}`) as JsonObject;
  } catch {
    return null;
  }
}
