import fc from 'fast-check';
import type { SearchDocument } from '../../src/document/search-document.js';
import { documentPayloads, keyPayloads } from '../../src/meilisearch/payloads.js';

const document = (key: string, data: SearchDocument['data'] = {}): SearchDocument => ({ key, data, source: 'fields' });
const linesOf = (payload: string): unknown[] =>
  payload
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('document payloads', () => {
  it('are NDJSON, a line a document, its key first', () => {
    expect(documentPayloads('movies', [document('1', { title: 'Alien' }), document('b')], 1000)).toEqual([
      { body: '{"_key":"1","title":"Alien"}\n{"_key":"b"}\n', count: 2 },
    ]);
  });

  it('hold every document once, in order, none above the limit of bytes', () => {
    const documents = fc.array(
      fc.record({
        key: fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
        text: fc.string({ unit: 'binary', maxLength: 30 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(documents, fc.integer({ min: 300, max: 600 }), (given, limit) => {
        const payloads = documentPayloads(
          'movies',
          given.map(({ key, text }) => document(key, { text })),
          limit,
        );
        expect(payloads.every(({ body }) => Buffer.byteLength(body) <= limit)).toBe(true);
        expect(payloads.map(({ count }) => count)).toEqual(payloads.map(({ body }) => linesOf(body).length));
        expect(payloads.flatMap(({ body }) => linesOf(body))).toEqual(
          given.map(({ key, text }) => ({ _key: key, text: text.toWellFormed() })),
        );
      }),
    );
  });

  it('hold no half of a surrogate pair, in names and values at any depth', () => {
    const data = { 'a\ud800': ['\udfff', { b: 'x\ud83d' }], c: 'backslash \\ud800', n: null, i: 1 };
    const [payload] = documentPayloads('movies', [document('1', data)], 1000);
    expect(linesOf(payload!.body)).toEqual([
      { _key: '1', 'a\ufffd': ['\ufffd', { b: 'x\ufffd' }], c: 'backslash \\ud800', n: null, i: 1 },
    ]);
    expect(payload!.body).not.toMatch(/[^\\]\\ud/);
  });

  it('are refused whole when one document is above the limit, naming it and not its content', () => {
    const documents = [document('1'), document('the-big-one', { text: 'secret '.repeat(30) })];
    expect(() => documentPayloads('movies', documents, 100)).toThrow(
      expect.objectContaining({
        code: 'BACKEND_REJECTED',
        index: 'movies',
        message: expect.stringMatching(/^(?!.*secret).*the-big-one.*maxPayloadBytes/),
      }),
    );
  });

  it.each(['', 'a/b', '../../x', 'a.b', 'é', 'a b', 'a\n', 'x'.repeat(512)])('refuse the key %j', (key) => {
    expect(() => documentPayloads('movies', [document(key)], 1000)).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', index: 'movies' }),
    );
    expect(() => keyPayloads('movies', [key], 1000)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});

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
});
