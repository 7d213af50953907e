import fc from 'fast-check';
import { ScrypathError } from 'scrypath';
import { decodeKey, encodeKey, KEY_MAX_BYTES } from '../../src/document/key-encoding';

describe('a document key', () => {
  it('is the primary key itself where that is a number or a UUID', () => {
    expect(encodeKey(['42'])).toBe('42');
    expect(encodeKey(['-7'])).toBe('-7');
    expect(encodeKey(['9007199254740993'])).toBe('9007199254740993');
    expect(encodeKey(['0190d3c8-91a5-7c3f-b1fb-2a8a8b2c9f10'])).toBe('0190d3c8-91a5-7c3f-b1fb-2a8a8b2c9f10');
  });

  it('tells apart what looks alike: separators, empty parts, borders between parts', () => {
    const lookalikes = [
      [''],
      ['', ''],
      ['_'],
      ['-'],
      ['_-'],
      ['_E'],
      ['__'],
      ['a', 'b'],
      ['a_-b'],
      ['a-b'],
      ['a', '', 'b'],
      ['_5f'],
      ['\u00e9'],
      ['e\u0301'],
    ];
    const keys = lookalikes.map(encodeKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.map(decodeKey)).toEqual(lookalikes);
  });

  it('of 10,000 random composites is distinct, in the alphabet of an engine, and decodes to them', () => {
    const piece = fc.oneof(
      fc.string({
        unit: fc.constantFrom('_', '-', 'a', 'E', 'U', '0', 'f', '"', '\\', '/', '.', ' ', 'é', '日', '\0', '\ud800'),
        maxLength: 6,
      }),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.bigInt().map(String),
      fc.constant(''),
    );
    const tuples = fc.sample(fc.array(piece, { minLength: 1, maxLength: 4 }), { numRuns: 10_000, seed: 7 });
    const byKey = new Map<string, string>();
    for (const parts of tuples) {
      const key = encodeKey(parts);
      expect(key).toMatch(/^[A-Za-z0-9_-]{1,511}$/);
      expect(decodeKey(key)).toEqual(parts);
      const identity = JSON.stringify(parts);
      expect(byKey.get(key) ?? identity).toBe(identity);
      byKey.set(key, identity);
    }
    expect(byKey.size).toBeGreaterThan(5_000);
  });

  it('is refused where it would be longer than an engine takes', () => {
    expect(encodeKey(['x'.repeat(KEY_MAX_BYTES)])).toHaveLength(KEY_MAX_BYTES);
    expect(() => encodeKey(['x'.repeat(KEY_MAX_BYTES + 1)])).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });

  it.each(['', 'a b', '../x', '_zz', 'a_', '_61', '_E_E', 'x'.repeat(512)])('%j is not one', (text) => {
    try {
      decodeKey(text);
    } catch (error) {
      expect(ScrypathError.is(error, 'KEY_INVALID')).toBe(true);
      return;
    }
    throw new Error('it was decoded');
  });
});
