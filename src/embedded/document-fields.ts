import type { JsonObject, JsonValue } from '../document/json.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import { isDeclared, visitValues } from './field-paths.js';
import { jsonNumber } from './number-text.js';
import { FieldWords, type Tokenizer } from './tokenizer.js';

/** The numbers that an index gives to field paths, in the order in which it first saw them. */
export class FieldIds {
  private readonly ids = new Map<string, number>();

  constructor(readonly names: string[] = []) {
    for (const [id, name] of names.entries()) this.ids.set(name, id);
  }

  get(name: string): number | undefined {
    return this.ids.get(name);
  }

  idOf(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = this.names.push(name) - 1;
    this.ids.set(name, id);
    return id;
  }
}

/** The text of a scalar as full-text search sees it; null where it has none. */
export function textOfScalar(value: JsonValue): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return jsonNumber(value);
  return typeof value === 'boolean' ? String(value) : null;
}

/** Numbers every field path of a document. */
export function registerFields(document: JsonObject, fields: FieldIds): void {
  visitValues(document, (path) => {
    fields.idOf(path);
  });
}

/** The words of every searchable field of one document, by field path. */
export function wordsOf(
  document: JsonObject,
  searchable: readonly string[],
  tokenizer: Tokenizer,
): Map<string, FieldWords> {
  const all = searchable.includes('*');
  const found = new Map<string, FieldWords>();
  visitValues(document, (path, value, inArray) => {
    if (!all && !isDeclared(path, searchable)) return;
    const text = textOfScalar(value);
    // A top-level object or array takes no place among the values of its field; any other value without text does.
    if (text === null && !inArray && path in document) return;
    let words = found.get(path);
    if (words === undefined) {
      words = new FieldWords(tokenizer);
      found.set(path, words);
    }
    if (text === null) words.addNothing();
    else words.addValue(text);
  });
  return found;
}

/** A document as the engine sees it: the key is a field like any other. */
export const withKey = (key: string, data: JsonObject): JsonObject => ({ [KEY_ATTRIBUTE]: key, ...data });
