import { ScrypathError } from '../errors/scrypath-error.js';
import type { FilterNode, FilterValue } from '../query/search-query.js';

/** Values of one filter, all its parts together. The engine's time grows with the square of the filter's length. */
const MOST_VALUES = 1000;
/** Characters of one filter: 500 000 took the engine 0.6 s as one list and 4 s as a chain of comparisons. */
const MOST_CHARACTERS = 500_000;

// The engine's parser goes down 150 levels: 3 above a condition, 4 for parentheses, 1 for NOT. It writes the filter
// anew, each part of an AND or OR in parentheses, and parses that again; those are the parentheses that count.
const DEEPEST = 150;
const LEVELS_OF_CONDITION = 3;
const LEVELS_OF_PART = 4;
const LEVELS_OF_NOT = 5;

/** Longer strings are cut in the index, so that the engine finds nothing for one in an equality. */
const LONGEST_INDEXED_BYTES = 468;
/** More than the indexed bytes in any normalization: what is cut off cannot decide a comparison. */
const LONGEST_OPERAND = 2000;

/**
 * A filter in the engine's language. Field names and values are data whatever they hold: here, and nowhere else, they
 * are quoted. Never an empty string, which the engine would take for "no filter".
 * @throws ScrypathError `QUERY_INVALID`: an empty part, a number that is not finite, too many values, too long, too deep
 */
export function toMeilisearchFilter(filter: FilterNode): string {
  const written = new FilterText();
  const text = written.of(filter, LEVELS_OF_CONDITION);
  if (written.values > MOST_VALUES) {
    throw invalid(`The filter compares with ${written.values} values; ${MOST_VALUES} is the most.`, SPLIT);
  }
  if (text.length > MOST_CHARACTERS) {
    throw invalid(`The filter has ${text.length} characters; ${MOST_CHARACTERS} is the most.`, SPLIT);
  }
  return text;
}

const SPLIT = 'Split the search, or store what the values have in common in a field and filter on that.';
const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

class FilterText {
  values = 0;

  of(node: FilterNode, level: number): string {
    if (level > DEEPEST) throw invalid('The filter is nested deeper than Meilisearch takes.', 'Write it flatter.');
    switch (node.kind) {
      case 'equals':
        return matchable(node.value) ? `${quoted(node.field)} = ${this.#operand(node.value)}` : none(node.field);
      case 'oneOf': {
        const values = node.values.filter(matchable).map((value) => this.#operand(value));
        return `${quoted(node.field)} IN [${values.join(', ')}]`;
      }
      case 'compare':
        return `${quoted(node.field)} ${OPERATORS[node.operator]} ${this.#operand(shortened(node.value))}`;
      case 'exists':
        return `${quoted(node.field)} EXISTS`;
      case 'isNull':
        return `${quoted(node.field)} IS NULL`;
      // Not `!=`, which is no complement: it matches nothing as long as no document has the field.
      case 'not':
        return `NOT (${this.of(node.of, level + LEVELS_OF_NOT)})`;
      case 'and':
        return this.#joined(node.of, ' AND ', level);
      case 'or':
        return this.#joined(node.of, ' OR ', level);
    }
  }

  #joined(parts: readonly FilterNode[], operator: string, level: number): string {
    const [only] = parts;
    if (only === undefined) throw invalid('A part of the filter is empty.', 'Give `$and` and `$or` a condition.');
    if (parts.length === 1) return this.of(only, level);
    return parts
      .map((part) => {
        const text = this.of(part, level + LEVELS_OF_PART);
        return part.kind === 'and' || part.kind === 'or' ? `(${text})` : text;
      })
      .join(operator);
  }

  #operand(value: FilterValue): string {
    this.values += 1;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw invalid(`The filter compares with ${value}.`, 'Give a finite number.');
    }
    return quoted(String(value));
  }
}

/** The engine reads text in double quotes with the escapes of JSON, and refuses half a surrogate pair. */
const quoted = (text: string): string => JSON.stringify(text.toWellFormed());

/** Matches no document, and still needs the field to be filterable. */
const none = (field: string): string => `${quoted(field)} IN []`;

/** Left out: what no document can match. A megabyte of it would cost the engine time all the same. */
function matchable(value: FilterValue): boolean {
  if (typeof value !== 'string' || value.length <= LONGEST_INDEXED_BYTES / 33) return true; // NFKD: 33 bytes at most
  return Buffer.byteLength(value.trim().normalize('NFKD').toLowerCase()) <= LONGEST_INDEXED_BYTES;
}

const shortened = (value: string | number): string | number =>
  typeof value === 'string' && value.length > LONGEST_OPERAND ? value.trim().slice(0, LONGEST_OPERAND) : value;

const invalid = (happened: string, remedy: string): ScrypathError =>
  new ScrypathError({ code: 'QUERY_INVALID', happened, remedy });
