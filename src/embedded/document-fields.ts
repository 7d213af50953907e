import type { JsonObject, JsonValue } from '../document/json.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import { isDeclared, visitValues } from './field-paths.js';
import { jsonNumber } from './number-text.js';
import { WriteFailure } from './task-failure.js';
import { FieldWords, type Tokenizer } from './tokenizer.js';

/** Field paths of all documents of an index together; the reference engine's limit. */
export const MAX_FIELDS = 65_536;

/** The numbers that an index gives to field paths, in the order in which it first saw them. */
export class FieldIds {
  private readonly ids = new Map<string, number>();

  constructor(readonly names: string[] = []) {
    for (const [id, name] of names.entries()) this.ids.set(name, id);
  }

  get(name: string): number | undefined {
    return this.ids.get(name);
  }

  /** Numbers a path that is new, for the sake of a document. */
  idOf(name: string, document: string | null = null): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    if (this.names.length === MAX_FIELDS) {
      const message = `A document cannot have further fields: an index has ${MAX_FIELDS} of them at most.`;
      throw new WriteFailure('max_fields_limit_exceeded', message, document);
    }
    const id = this.names.push(name) - 1;
    this.ids.set(name, id);
    return id;
  }
}

/** The text of a scalar as full-text search sees it; null where it has none. */
function textOfScalar(value: JsonValue): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return jsonNumber(value);
  return typeof value === 'boolean' ? String(value) : null;
}

/** Numbers every field path of a document. */
export function registerFields(document: JsonObject, fields: FieldIds): void {
  const key = String(document[KEY_ATTRIBUTE]);
  const register = (path: string) => {
    fields.idOf(path, key);
  };
  visitValues(document, register, register);
}

/** The words of every searchable field of one document, by field path. */
export function wordsOf(
  document: JsonObject,
  searchable: readonly string[],
  tokenizer: Tokenizer,
): Map<string, FieldWords> {
  const all = searchable.includes('*');
  const found = new Map<string, FieldWords>();
  const visit = (path: string, value: JsonValue) => {
    if (!all && !isDeclared(path, searchable)) return;
    let words = found.get(path);
    if (words === undefined) {
      words = new FieldWords(tokenizer);
      found.set(path, words);
    }
    const text = textOfScalar(value);
    if (text === null) words.addNothing();
    else words.addValue(text);
  };
  visitValues(document, visit, null);
  return found;
}

/** A document as the engine sees it: the key is a field like any other. */
export const withKey = (key: string, data: JsonObject): JsonObject => ({ [KEY_ATTRIBUTE]: key, ...data });
