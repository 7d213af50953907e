import { FieldWords, Tokenizer } from '../../src/embedded/tokenizer.js';

const wordsOf = (text: string, ...stopWords: string[]): string[] =>
  new Tokenizer(new Set(stopWords)).tokenize(text).flatMap(({ kind, lemma }) => (kind === 'word' ? [lemma] : []));

function placesOf(...values: string[]): [string, number][] {
  const field = new FieldWords(new Tokenizer());
  for (const value of values) field.addValue(value);
  return field.words.map((word, i) => [word, field.positions[i]!]);
}

describe('a text becomes words', () => {
  it.each([
    ['without case and accents', 'Ünïcödé CAFÉ', ['unicode', 'cafe']],
    [
      'at every separator',
      'kebab-case snake_case it’s 3.5/7',
      ['kebab', 'case', 'snake', 'case', 'it', 's', '3', '5', '7'],
    ],
    ['with signs that separate nothing', 'a=b x<y p|q $5', ['a=b', 'x<y', 'p|q', '$5']],
    ['with ligatures and letters of their own taken apart', 'œuvre ﬁn Đà ß', ['oeuvre', 'fin', 'da', 'ß']],
    ['after it was cut, so that what decomposes stays one', '½ … №', ['1⁄2', '...', 'no']],
    ['where its alphabet changes', 'GOSTпривет', ['gost', 'привет']],
    ['with a no-break space inside', 'no\u00a0break', ['no break']],
    ['with half a character replaced', 'a\ud83db', ['a\ufffdb']],
  ])('%s', (_how, text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('leaves stop words out as they are written', () => {
    expect(wordsOf('the end of The story', 'the', 'of')).toEqual(['end', 'the', 'story']);
  });

  it('at positions one apart, and eight where a sentence or a value ends', () => {
    expect(placesOf('one two, three. Four', 'five')).toEqual([
      ['one', 0],
      ['two', 1],
      ['three', 9],
      ['four', 17],
      ['five', 25],
    ]);
  });

  it('tells where each word stands in the text', () => {
    const text = 'Ａ ﬁn 😀 end';
    const tokens = new Tokenizer().tokenize(text);
    expect(tokens.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
    expect(tokens.at(-1)).toEqual({ kind: 'word', lemma: 'end', start: 8, end: 11 });
  });
});
