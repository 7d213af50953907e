import fc from 'fast-check';
import { Vocabulary } from '../../src/embedded/vocabulary.js';

/** Typos between two words, by the definition: every way of undoing the last letters, the swap of two neighbours as one. */
function typos(left: string, right: string): number {
  const known = new Map<string, number>();
  const between = (l: number, r: number): number => {
    if (l === 0 || r === 0) return l + r;
    const key = `${l},${r}`;
    let fewest = known.get(key);
    if (fewest !== undefined) return fewest;
    fewest = Math.min(
      between(l - 1, r) + 1,
      between(l, r - 1) + 1,
      between(l - 1, r - 1) + (left[l - 1] === right[r - 1] ? 0 : 1),
      l > 1 && r > 1 && left[l - 1] === right[r - 2] && left[l - 2] === right[r - 1]
        ? between(l - 2, r - 2) + 1
        : Number.POSITIVE_INFINITY,
    );
    known.set(key, fewest);
    return fewest;
  };
  return between(left.length, right.length);
}

const vocabularyOf = (words: Iterable<string>): Vocabulary => {
  const vocabulary = new Vocabulary();
  for (const word of words) vocabulary.add(word);
  return vocabulary;
};

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 1, maxLength: 9 });
const words = fc.uniqueArray(word, { maxLength: 60 });

describe('the words of an index', () => {
  it('are found by one typo just where one leads to them, the first letter apart', () => {
    fc.assert(
      fc.property(words, word, (list, typed) => {
        const expected = list.filter((other) => other[0] === typed[0] && typos(typed, other) === 1).sort();
        expect(vocabularyOf(list).oneTypoFrom(typed, false)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('are found by two typos just where two lead to them, one in the first letter counting as two', () => {
    fc.assert(
      fc.property(words, word, (list, typed) => {
        const sameLetter = list.filter((other) => other[0] === typed[0]);
        const { one, two } = vocabularyOf(list).twoTyposFrom(typed, false);
        expect(one).toEqual(sameLetter.filter((other) => typos(typed, other) === 1).sort());
        expect([...two].sort()).toEqual(
          [
            ...sameLetter.filter((other) => typos(typed, other) === 2),
            ...list.filter((other) => other[0] !== typed[0] && typos(typed, other) === 1),
          ].sort(),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('are found by what they start with, in the order of their text', () => {
    fc.assert(
      fc.property(words, word, (list, prefix) => {
        expect(vocabularyOf(list).startingWith(prefix)).toEqual(
          list.filter((other) => other.startsWith(prefix)).sort(),
        );
      }),
    );
  });

  it('go when the last row that has them goes, and come back', () => {
    const change = fc.record({
      word: fc.constantFrom('aa', 'ab', 'ba', 'bb', 'c'),
      adds: fc.boolean(),
      looks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const vocabulary = new Vocabulary();
        const rows = new Map<string, number>();
        for (const { word: changed, adds, looks } of changes) {
          const count = rows.get(changed) ?? 0;
          if (!adds && count === 0) continue;
          rows.set(changed, count + (adds ? 1 : -1));
          if (adds) vocabulary.add(changed);
          else vocabulary.remove(changed);
          if (looks) vocabulary.startingWith('a');
        }
        const left = [...rows].filter(([, count]) => count > 0).map(([kept]) => kept);
        expect(vocabulary.startingWith('')).toEqual(left.sort());
        expect(vocabulary.size).toBe(left.length);
      }),
    );
  });

  it('stand in the order of their code points', () => {
    const vocabulary = vocabularyOf(['x😀', 'x\uff5e', 'xa', 'x']);
    expect(vocabulary.startingWith('x')).toEqual(['x', 'xa', 'x\uff5e', 'x😀']);
  });

  it('are no more than the reference engine follows', () => {
    const many = Array.from({ length: 400 }, (_, i) => `word${String.fromCodePoint(0x4e00 + i)}`);
    const vocabulary = vocabularyOf(many);
    expect(vocabulary.oneTypoFrom('words', false)).toEqual(many.slice(0, 150));
    expect(vocabulary.twoTyposFrom('wordsx', false).two).toEqual(many.slice(0, 50));
    expect(vocabulary.sharesPrefix('word')).toBe(true);
    expect(vocabulary.sharesPrefix('word一')).toBe(false);
  });
});
