import fc from 'fast-check';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import { toMeilisearchFilter } from '../../src/meilisearch/filter-syntax.js';
import type { FilterNode } from '../../src/query/search-query.js';
import { equals } from './queries.js';

const not = (of: FilterNode): FilterNode => ({ kind: 'not', of });
const and = (...of: FilterNode[]): FilterNode => ({ kind: 'and', of });
const or = (...of: FilterNode[]): FilterNode => ({ kind: 'or', of });

describe('a filter in the language of Meilisearch', () => {
  it.each<[string, FilterNode]>([
    ['"a" = "b"', equals('a', 'b')],
    ['"a" = "7"', equals('a', 7)],
    ['"a" = "true"', equals('a', true)],
    ['"a" IN ["b", "1"]', { kind: 'oneOf', field: 'a', values: ['b', 1] }],
    ['"a" IN []', { kind: 'oneOf', field: 'a', values: [] }],
    ['"a" > "-1.5"', { kind: 'compare', field: 'a', operator: 'gt', value: -1.5 }],
    ['"a" >= "1e+21"', { kind: 'compare', field: 'a', operator: 'gte', value: 1e21 }],
    ['"a" < "x"', { kind: 'compare', field: 'a', operator: 'lt', value: 'x' }],
    ['"a" <= "0"', { kind: 'compare', field: 'a', operator: 'lte', value: -0 }],
    ['"a.b" EXISTS', { kind: 'exists', field: 'a.b' }],
    ['"a" IS NULL', { kind: 'isNull', field: 'a' }],
    ['NOT ("a" = "1")', not(equals('a', 1))],
    ['"a" = "1" AND "b" = "2"', and(equals('a', 1), equals('b', 2))],
    ['"a" = "1" AND ("b" = "2" OR "c" = "3")', and(equals('a', 1), or(equals('b', 2), equals('c', 3)))],
    ['NOT ("a" = "1" OR "b" = "2")', not(or(equals('a', 1), equals('b', 2)))],
    ['"a" = "1"', and(or(equals('a', 1)))],
  ])('%s', (text, filter) => {
    expect(toMeilisearchFilter(filter)).toBe(text);
  });

  it('holds names and values as one quoted JSON string each, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (field, value) => {
        const [, name, operand] = /^("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")$/.exec(
          toMeilisearchFilter(equals(field, value)),
        )!;
        expect(JSON.parse(name!)).toBe(field.toWellFormed());
        expect(JSON.parse(operand!)).toBe(value.toWellFormed());
      }),
    );
  });

  it('replaces half a surrogate pair, which the engine refuses', () => {
    expect(toMeilisearchFilter(equals('a\udc00', '\ud800'))).toBe('"a\ufffd" = "\ufffd"');
  });

  it('leaves out a string above 468 normalized bytes, which no document can match', () => {
    const longest = 'a'.repeat(468);
    expect(toMeilisearchFilter(equals('a', longest))).toBe(`"a" = "${longest}"`);
    expect(toMeilisearchFilter(equals('a', `${longest}a`))).toBe('"a" IN []');
    expect(toMeilisearchFilter(equals('a', 'é'.repeat(157)))).toBe('"a" IN []');
    expect(toMeilisearchFilter({ kind: 'oneOf', field: 'a', values: [`${longest}a`, 'b'] })).toBe('"a" IN ["b"]');
    expect(toMeilisearchFilter(equals('a', `  ${longest}  `))).toContain(longest);
  });

  it('stays short when it compares with a megabyte', () => {
    const filter = toMeilisearchFilter({ kind: 'compare', field: 'a', operator: 'gt', value: 'x'.repeat(1_000_000) });
    expect(filter.length).toBeLessThan(3000);
  });

  it.each<[string, FilterNode]>([
    ['an empty and', and()],
    ['an empty or', or()],
    ['an empty part', and(equals('a', 1), or())],
    ['NaN', equals('a', Number.NaN)],
    ['an infinite bound', { kind: 'compare', field: 'a', operator: 'lt', value: Number.POSITIVE_INFINITY }],
    ['1001 values', { kind: 'oneOf', field: 'a', values: Array.from({ length: 1001 }, (_, value) => value) }],
    ['1001 values in its parts', or(...Array.from({ length: 1001 }, (_, value) => equals('a', value)))],
    ['half a million characters', or(...Array.from({ length: 400 }, () => equals('a'.repeat(1300), 1)))],
  ])('%s: QUERY_INVALID', (_name, filter) => {
    expect(() => toMeilisearchFilter(filter)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID' }));
  });

  it('is refused when it is nested deeper than the engine takes, and not before', () => {
    const nested = (levels: number, wrap: (inner: FilterNode) => FilterNode): FilterNode =>
      levels === 0 ? equals('a', 1) : wrap(nested(levels - 1, wrap));
    const either = (inner: FilterNode): FilterNode => or(equals('a', 2), and(equals('a', 3), inner));
    expect(() => toMeilisearchFilter(nested(29, not))).not.toThrow();
    expect(() => toMeilisearchFilter(nested(30, not))).toThrow(ScrypathError);
    expect(() => toMeilisearchFilter(nested(18, either))).not.toThrow();
    expect(() => toMeilisearchFilter(nested(19, either))).toThrow(ScrypathError);
  });
});
