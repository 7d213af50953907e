import fc from 'fast-check';
import { type EmbeddedBackend, embedded } from '../../src/embedded/index.js';
import type { FilterNode } from '../../src/query/search-query.js';
import { film, keysOf, queryOf, succeeded } from './films.js';

const HOSTILE = [
  `'; DROP TABLE indexes; --`,
  `" OR 1=1 --`,
  `x' UNION SELECT key FROM documents_1 --`,
  '%_*?[a-z]',
  '\\',
  '\\"',
  'NULL',
  'AND OR NOT',
  '"a" NEAR("b")',
  '$' + '{title}',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u2028',
  '__proto__',
  'constructor',
  '_',
  '_3',
  '{"$ne": 1}',
  'é'.normalize('NFD'),
];

describe('whatever a value holds', () => {
  let backend: EmbeddedBackend;
  beforeAll(async () => {
    backend = embedded();
    await succeeded(
      backend,
      await backend.indexes.apply('values', { filterableAttributes: ['v', '__proto__'], sortableAttributes: ['v'] }),
    );
  });
  afterAll(() => backend.close());
  afterEach(async () => {
    const keys = [];
    for await (const page of backend.documents.scan('values')) keys.push(...page.map(({ key }) => key));
    await succeeded(backend, ...(await backend.remove('values', keys)));
  });

  const equals = (value: string | number | boolean): FilterNode => ({ kind: 'equals', field: 'v', value });

  it('is stored, found by a filter, counted and given back as it was', async () => {
    await succeeded(
      backend,
      ...(await backend.upsert(
        'values',
        HOSTILE.map((v, i) => film(`k${i}`, { v, nested: { [v]: [v, null, { v }] } })),
      )),
    );
    for (const [i, v] of HOSTILE.entries()) {
      expect(await keysOf(backend, 'values', { filter: equals(v) })).toContain(`k${i}`);
      expect(await backend.documents.fetch('values', [`k${i}`])).toEqual([
        { key: `k${i}`, data: { v, nested: { [v]: [v, null, { v }] } } },
      ]);
    }
    const { facets, totalHits } = await backend.search('values', queryOf({ facets: ['v'] }));
    expect(totalHits).toBe(HOSTILE.length);
    expect(Object.values(facets.v!).reduce((sum, count) => sum + count, 0)).toBe(HOSTILE.length);
  });

  it('is searched for without a failure', async () => {
    await succeeded(backend, ...(await backend.upsert('values', [film('1', { v: 'plain text' })])));
    for (const text of [...HOSTILE, HOSTILE.join(' '), `"${HOSTILE.join(' ')}`, `-${HOSTILE.join(' -')}`]) {
      const { hits } = await backend.search(
        'values',
        queryOf({ text, highlight: { fields: ['*'], pre: '<', post: '>' } }),
      );
      expect(hits.length).toBeLessThanOrEqual(1);
    }
  });

  it('may be a megabyte long', async () => {
    const long = 'long '.repeat(200_000);
    const word = 'w'.repeat(1_000_000);
    await succeeded(
      backend,
      ...(await backend.upsert('values', [film('1', { v: long }), film('2', { v: word }), film('3', { v: 'short' })])),
    );
    expect(await backend.documents.fetch('values', ['1', '2'])).toEqual([
      { key: '1', data: { v: long } },
      { key: '2', data: { v: word } },
    ]);
    // Values are told apart by their first 468 bytes, and a longer one that is asked for equals none.
    expect(await keysOf(backend, 'values', { filter: equals(long) })).toEqual([]);
    expect(await keysOf(backend, 'values', { filter: equals('w'.repeat(468)) })).toEqual(['2']);
    expect(await keysOf(backend, 'values', { text: long })).toEqual(['1']);
    expect(await keysOf(backend, 'values', { text: word })).toEqual([]);
    expect(await keysOf(backend, 'values', { filter: { kind: 'not', of: equals(word) } })).toEqual(['1', '2', '3']);
    const many: FilterNode = {
      kind: 'oneOf',
      field: 'v',
      values: Array.from({ length: 50_000 }, (_, i) => (i === 40_000 ? 'SHORT ' : `value ${i}`)),
    };
    expect(await keysOf(backend, 'values', { filter: many })).toEqual(['3']);
  });

  it('is text, number or truth of its own, however it looks', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...HOSTILE, '1', ' 1 ', '1e0', 'true', '-0'),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 8 }), async (values) => {
        const documents = values.map((v, i) => film(`p${i}`, { v }));
        await succeeded(backend, ...(await backend.upsert('values', documents)));
        for (const [i, v] of values.entries()) {
          const found = await keysOf(backend, 'values', { filter: equals(v) });
          const others = await keysOf(backend, 'values', { filter: { kind: 'not', of: equals(v) } });
          expect([...found, ...others].sort()).toEqual(values.map((_, other) => `p${other}`).sort());
          // An empty text has no value to be found by.
          expect(found.includes(`p${i}`)).toBe(v !== '');
        }
        await succeeded(
          backend,
          ...(await backend.remove(
            'values',
            documents.map(({ key }) => key),
          )),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is refused as a name or a key before anything happens', async () => {
    const names = [
      '',
      'a b',
      'a.b',
      '../a',
      'é',
      'a'.repeat(401),
      ...HOSTILE.filter((value) => !/^[\w-]+$/.test(value)),
    ];
    for (const name of names) {
      await expect(backend.indexes.create(name)).rejects.toMatchObject({ code: 'INDEX_NAME_INVALID' });
      await expect(backend.upsert(name, [film('1', {})])).rejects.toMatchObject({ code: 'INDEX_NAME_INVALID' });
      await expect(keysOf(backend, name)).rejects.toMatchObject({ code: 'INDEX_NAME_INVALID' });
      await expect(backend.indexes.swap('values', name)).rejects.toMatchObject({ code: 'INDEX_NAME_INVALID' });
      const key = name === 'a'.repeat(401) ? 'a'.repeat(512) : name;
      const documents = [film('good', {}), film(key, {})];
      await expect(backend.upsert('values', documents)).rejects.toMatchObject({ code: 'KEY_INVALID', index: 'values' });
      await expect(backend.remove('values', ['good', key])).rejects.toMatchObject({ code: 'KEY_INVALID' });
      await expect(backend.documents.fetch('values', [key])).rejects.toMatchObject({ code: 'KEY_INVALID' });
    }
    expect(await backend.indexes.stats('values')).toEqual({ documents: 0, indexing: false });
    const longest = 'a'.repeat(400);
    await succeeded(backend, ...(await backend.upsert(longest, [film('a'.repeat(511), { v: 1 })])));
    expect(await keysOf(backend, longest)).toEqual(['a'.repeat(511)]);
  });
});
