import { calendarDay } from '../document/calendar-day.js';
import { ORDER_MAX_DIGITS, orderText } from '../document/order-text.js';
import { isPlainObject, kindOf } from '../metadata/given.js';
import { comparedName, type SearchField, type SearchMetadata } from '../metadata/search-metadata.js';
import { fieldNotDeclared, queryInvalid } from './query-errors.js';
import type { FilterNode, FilterValue } from './search-query.js';

const MAX_DEPTH = 20;
const OPERATORS = ['in', 'gt', 'gte', 'lt', 'lte', 'exists', 'isNull'];
const COMPOSITIONS = ['$and', '$or', '$not'];

/** Turns a caller's filter into a tree that backends understand; null where it holds no condition. */
export function buildFilter(metadata: SearchMetadata, filter: unknown, depth = 0): FilterNode | null {
  if (filter === undefined) return null;
  if (depth > MAX_DEPTH) throw queryInvalid(metadata, `The filter nests deeper than ${MAX_DEPTH}.`);
  if (!isPlainObject(filter))
    throw queryInvalid(
      metadata,
      `A filter must be an object of fields, $and, $or and $not; ${kindOf(filter)} was given.`,
      'Example: { year: 1999 }.',
    );
  const parts: FilterNode[] = [];
  for (const [name, condition] of Object.entries(filter)) {
    if (condition === undefined)
      throw queryInvalid(
        metadata,
        `The filter ${name} is undefined.`,
        'Leave the member out to have no condition; null asks for records without a value.',
      );
    const part = COMPOSITIONS.includes(name)
      ? buildComposition(metadata, name, condition, depth)
      : buildCondition(metadata, fieldFor(metadata, name), condition);
    if (part !== null) parts.push(part);
  }
  return all(parts);
}

function buildComposition(metadata: SearchMetadata, name: string, given: unknown, depth: number): FilterNode | null {
  if (name === '$not') {
    const of = buildFilter(metadata, given, depth + 1);
    if (of === null) throw queryInvalid(metadata, '$not holds no condition.', 'Name what must not hold.');
    return { kind: 'not', of };
  }
  if (!Array.isArray(given)) throw queryInvalid(metadata, `${name} must be an array of filters.`);
  // An empty list of alternatives, or one without a condition, would silently match everything.
  const parts = given.map((part: unknown) => buildFilter(metadata, part, depth + 1));
  if (parts.length === 0 || parts.includes(null))
    throw queryInvalid(metadata, `${name} holds a filter without a condition.`, 'Give each part at least one field.');
  const of = parts as FilterNode[];
  return of.length === 1 ? of[0]! : { kind: name === '$and' ? 'and' : 'or', of };
}

function fieldFor(metadata: SearchMetadata, path: string): SearchField {
  const field = metadata.fields.find((candidate) => candidate.path === path && candidate.filterable);
  if (!field) throw fieldNotDeclared(metadata, 'filtered by', path, metadata.filterable, '@Filterable');
  return field;
}

function buildCondition(metadata: SearchMetadata, field: SearchField, condition: unknown): FilterNode | null {
  if (!isPlainObject(condition)) return equality(metadata, field, condition);
  const parts = Object.entries(condition).map(([operator, value]) => {
    if (!OPERATORS.includes(operator))
      throw queryInvalid(
        metadata,
        `${operator} is no operator of a filter on ${field.path}.`,
        `Known: ${OPERATORS.join(', ')}.`,
      );
    if (value === undefined)
      throw queryInvalid(metadata, `The filter ${field.path}.${operator} is undefined.`, 'Leave the operator out.');
    return buildOperator(metadata, field, operator, value);
  });
  if (parts.length === 0)
    throw queryInvalid(metadata, `The filter on ${field.path} has no operator.`, `Known: ${OPERATORS.join(', ')}.`);
  return all(parts);
}

function buildOperator(metadata: SearchMetadata, field: SearchField, operator: string, value: unknown): FilterNode {
  switch (operator) {
    case 'in':
      if (!Array.isArray(value)) throw queryInvalid(metadata, `${field.path}.in must be an array of values.`);
      return oneOf(metadata, field, value);
    case 'exists':
    case 'isNull': {
      if (typeof value !== 'boolean') throw queryInvalid(metadata, `${field.path}.${operator} must be true or false.`);
      const of: FilterNode = { kind: operator, field: field.name };
      return value ? of : { kind: 'not', of };
    }
    default: {
      if (!field.comparable) {
        const comparable = metadata.fields.filter((one) => one.filterable && one.comparable).map(({ path }) => path);
        throw fieldNotDeclared(
          metadata,
          'filtered by ranges of',
          field.path,
          comparable,
          '@Filterable without comparison: false',
        );
      }
      const compared = valueFor(metadata, field, value);
      if (typeof compared === 'boolean')
        throw queryInvalid(metadata, `${field.path}.${operator} compares with a boolean, which has no order.`);
      return {
        kind: 'compare',
        field: comparedName(field),
        operator: operator as 'gt' | 'gte' | 'lt' | 'lte',
        value: compared,
      };
    }
  }
}

const equality = (metadata: SearchMetadata, field: SearchField, value: unknown): FilterNode =>
  value === null
    ? hasNoValue(field)
    : { kind: 'equals', field: comparedName(field), value: valueFor(metadata, field, value) };

function oneOf(metadata: SearchMetadata, field: SearchField, given: readonly unknown[]): FilterNode {
  const values = given.filter((value) => value !== null).map((value) => valueFor(metadata, field, value));
  const listed: FilterNode = { kind: 'oneOf', field: comparedName(field), values };
  if (values.length === given.length) return listed;
  return values.length === 0 ? hasNoValue(field) : { kind: 'or', of: [listed, hasNoValue(field)] };
}

/** Null in the database is null in the document, or nothing at all where a relation on the way is null. */
const hasNoValue = (field: SearchField): FilterNode => ({
  kind: 'or',
  of: [
    { kind: 'isNull', field: field.name },
    { kind: 'not', of: { kind: 'exists', field: field.name } },
  ],
});

const all = (parts: readonly FilterNode[]): FilterNode | null =>
  parts.length > 1 ? { kind: 'and', of: parts } : (parts[0] ?? null);

/** The caller's value in the form that documents hold it in, or an error that says what the field takes. */
function valueFor(metadata: SearchMetadata, field: SearchField, value: unknown): FilterValue {
  const wrong = (takes: string) =>
    queryInvalid(metadata, `The filter on ${field.path} compares with ${kindOf(value)}.`, `It takes ${takes}.`);
  switch (field.kind) {
    case 'string':
      if (typeof value !== 'string') throw wrong('a string');
      return value;
    case 'calendar': {
      const day = value instanceof Date ? calendarDay(value, field.utc) : value;
      if (typeof day !== 'string') throw wrong("a day as text, '1999-12-31', or a Date");
      return day;
    }
    case 'number':
      if (typeof value !== 'number') throw wrong('a number');
      return finite(value, wrong);
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return value;
    case 'date':
      if (value instanceof Date) return finite(value.getTime(), wrong);
      if (typeof value !== 'number') throw wrong('a Date, or epoch milliseconds');
      return finite(value, wrong);
    case 'exact': {
      const exact = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
      const order = exact ? orderText(value) : null;
      if (order === null) throw wrong(`a number, a bigint or a decimal as text, of at most ${ORDER_MAX_DIGITS} digits`);
      return order;
    }
    default:
      if (value instanceof Date) return finite(value.getTime(), wrong);
      if (typeof value === 'bigint') return value.toString();
      if (typeof value === 'number') return finite(value, wrong);
      if (typeof value !== 'string' && typeof value !== 'boolean')
        throw wrong('a string, a number, a boolean or a Date');
      return value;
  }
}

function finite(value: number, wrong: (takes: string) => Error): number {
  if (!Number.isFinite(value)) throw wrong('a finite value');
  return value;
}
