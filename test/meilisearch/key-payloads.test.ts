import fc from 'fast-check';
import { keyPayloads } from '../../src/meilisearch/key-payloads.js';

describe('key payloads', () => {
  it('are JSON arrays of every key, in order, none above the limit of bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,30}$/)),
        fc.integer({ min: 40, max: 200 }),
        (keys, limit) => {
          const payloads = keyPayloads('movies', keys, limit);
          expect(payloads.every(({ body }) => Buffer.byteLength(body) <= limit)).toBe(true);
          expect(payloads.map(({ count }) => count)).toEqual(payloads.map(({ body }) => JSON.parse(body).length));
          expect(payloads.flatMap(({ body }) => JSON.parse(body))).toEqual(keys);
        },
      ),
    );
  });

  it.each(['', 'a/b', '../../x', 'a.b', 'é', 'a b', 'a\n', 'x'.repeat(512)])('refuse the key %j', (key) => {
    expect(() => keyPayloads('movies', [key], 1000)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
