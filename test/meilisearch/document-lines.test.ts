import fc from 'fast-check';
import type { SearchDocument } from '../../src/document/search-document.js';
import { DocumentLines } from '../../src/meilisearch/document-lines.js';

const document = (key: string, data: SearchDocument['data'] = {}): SearchDocument => ({ key, data, source: 'fields' });

function payloadsOf(
  documents: readonly SearchDocument[],
  maxBytes: number,
  lines = new DocumentLines('movies', maxBytes),
) {
  for (const one of documents) lines.add(one);
  return lines.payloads().map(({ body, count }) => ({ body: Buffer.from(body).toString(), count }));
}

const linesOf = (payload: string): unknown[] =>
  payload
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('document lines', () => {
  it('are NDJSON, a line a document, its key first', () => {
    expect(payloadsOf([document('1', { title: 'Alien' }), document('b')], 1000)).toEqual([
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
        const documents = given.map(({ key, text }) => document(key, { text }));
        const lines = new DocumentLines('movies', limit);
        // What was in it before leaves nothing behind.
        payloadsOf(documents.slice(0, 5), limit, lines);
        lines.clear();
        expect([lines.count, lines.bytes, lines.payloads()]).toEqual([0, 0, []]);
        const payloads = payloadsOf(documents, limit, lines);
        expect(lines.count).toBe(given.length);
        expect(lines.bytes).toBe(payloads.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0));
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
    const [payload] = payloadsOf([document('1', data)], 1000);
    expect(linesOf(payload!.body)).toEqual([
      { _key: '1', 'a\ufffd': ['\ufffd', { b: 'x\ufffd' }], c: 'backslash \\ud800', n: null, i: 1 },
    ]);
    expect(payload!.body).not.toMatch(/[^\\]\\ud/);
  });

  it('take a document of any size that fits, and leave out one above the limit, naming it and not its content', () => {
    const lines = new DocumentLines('movies', 100_000);
    lines.add(document('1'));
    expect(() => lines.add(document('the-big-one', { text: 'secret '.repeat(20_000) }))).toThrow(
      expect.objectContaining({
        code: 'BACKEND_REJECTED',
        index: 'movies',
        message: expect.stringMatching(/^(?!.*secret).*the-big-one.*maxPayloadBytes/),
      }),
    );
    const large = document('2', { text: 'é\u{1f375}'.repeat(15_000) });
    expect(payloadsOf([large, document('3')], 0, lines).map(({ body }) => linesOf(body))).toEqual([
      [{ _key: '1' }, { _key: '2', ...large.data }, { _key: '3' }],
    ]);
  });

  it.each(['', 'a/b', '../../x', 'a.b', 'é', 'a b', 'a\n', 'x'.repeat(512)])('refuse the key %j', (key) => {
    expect(() => payloadsOf([document(key)], 1000)).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', index: 'movies' }),
    );
  });
});
