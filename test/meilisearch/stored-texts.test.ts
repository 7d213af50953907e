import { addTexts } from '../../src/meilisearch/stored-texts';

const answer = (...documents: readonly object[]) =>
  JSON.stringify({ results: documents, offset: 0, limit: 10, total: documents.length });

/** What the answer is cut into, or null where it is left to be read. */
const textsOf = (given: string): Record<string, string> | null => {
  const texts = new Map<string, string>();
  return addTexts(given, texts) ? Object.fromEntries(texts) : null;
};

describe('the texts of stored documents', () => {
  it('are the documents without their key, as the engine wrote them', () => {
    expect(textsOf(answer({ _key: '1', name: 'Vila', at: { lat: 1.5 } }, { _key: 'b', name: 'Ordino' }))).toEqual({
      1: '"name":"Vila","at":{"lat":1.5}',
      b: '"name":"Ordino"',
    });
  });

  it('are there for an empty answer, and for a document that is its key alone', () => {
    expect(textsOf(answer())).toEqual({});
    expect(textsOf(answer({ _key: '1' }, { _key: '2', a: 1 }))).toEqual({ 1: '', 2: '"a":1' });
  });

  it('are not cut within a value that looks like the end of a document', () => {
    const name = '"}],"offset":0,"limit":1,"total":7} },{"_key":"3"';
    expect(textsOf(answer({ _key: '1', name }, { _key: '2' }))).toEqual({
      1: JSON.stringify({ name }).slice(1, -1),
      2: '',
    });
  });

  it.each([
    ['a document holds one with a key of its own', answer({ _key: '1', crew: [{ _key: 'a' }, { _key: '2', n: 1 }] })],
    [
      'so it does, and as many begin otherwise',
      answer({ _key: '1', crew: [{ _key: 'a' }, { _key: '2', n: 1 }, { _key: 'c' }] }, { _key: 3 }, { _key: 4 }),
    ],
    ['a key is a number', answer({ _key: '1', n: 1 }, { _key: 2 })],
    ['a document does not begin with its key', answer({ _key: '1', n: 1 }, { n: 1, _key: '2' })],
    ['no document begins with its key', answer({ n: 1, _key: '1' })],
    ['there are fewer than it says', answer({ _key: '1' }).replace('"total":1', '"total":2')],
    ['it is no answer', '<html>'],
    ['it ends too early', answer({ _key: '1' }).slice(0, -5)],
  ])('are left to be read where %s, and none is added', (_, given) => {
    expect(textsOf(given)).toBeNull();
    const texts = new Map<string, string>();
    addTexts(given, texts);
    expect(texts.size).toBe(0);
  });
});
