import fc from 'fast-check';
import { Filterable, Searchable } from 'scrypath';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { onEveryEngine } from '../stacks/stack';

/** Text as the engine compares it: without outer space, compatibility-decomposed, in lower case. */
const compared = (text: string) => text.toWellFormed().trim().normalize('NFKD').toLowerCase();

onEveryEngine('a filter value is data, whatever it holds', (stack) => {
  @Entity()
  @Searchable()
  class Note {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable() @Filterable() @Column('text') tag!: string;
  }
  const opened = stack.use([Note]);
  const notes = () => opened.for(Note);
  const NASTY = [
    '"',
    "'",
    '\\',
    '\\"',
    '\\\\"',
    '" OR tag EXISTS OR tag = "',
    "x' OR 1=1 --",
    'tag = "a"',
    'NOT',
    'AND',
    'OR',
    '(',
    ')',
    '[]',
    '*',
    '%',
    '_',
    '\n',
    'a\nb',
    '\t',
    '\0',
    'a\u0000b',
    '\u2028',
    'naïve',
    'NAÏVE',
    'ﬁ',
    'Ⅷ',
    '日本語',
    '🎬',
    'a\ud800b',
    '\udc00',
    '12',
    '12.0',
    '1e3',
    'true',
    'null',
    'IN [a, b]',
    '_geoRadius(1, 2, 3)',
    '$(tag)',
    '{{tag}}',
    '<em>',
    ':id',
    '?',
    '$1',
    'a,b',
    ' padded ',
    'x'.repeat(400),
  ];
  const text = fc.oneof(
    fc.constantFrom(...NASTY),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('"', "'", '\\', ' ', '(', ')', '[', ']', '=', 'O', 'R', 'a', '\ud83d', '\n'),
      maxLength: 20,
    }),
  );
  const values = [...new Set([...NASTY, ...fc.sample(text, { numRuns: 150, seed: 3 })])].filter(
    (value) => compared(value) !== '',
  );

  beforeAll(async () => {
    await notes().syncRecords(values.map((tag, at) => Object.assign(new Note(), { id: at + 1, tag })));
  });

  it('equality finds the records that have the value, and no other', async () => {
    for (const value of values) {
      const { hits } = await notes().search('', { filter: { tag: value }, page: { size: 1000 } });
      const expected = values.flatMap((other, at) => (compared(other) === compared(value) ? [at + 1] : []));
      expect({ value, ids: hits.map(({ id }) => id).sort((a, b) => a - b) }).toEqual({ value, ids: expected });
    }
  });

  it('a list of values finds the records of each', async () => {
    const picked = values.filter((_, at) => at % 3 === 0);
    const { page } = await notes().search('', { filter: { tag: { in: picked } }, page: { size: 1000 } });
    const expected = values.filter((other) => picked.some((value) => compared(value) === compared(other)));
    expect(page.totalHits).toBe(expected.length);
  });

  it('never widens a filter that it is combined with', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (left, right) => {
        const { hits } = await notes().search('', {
          filter: { $and: [{ tag: left }, { tag: right }, { tag: 'no record has this value' }] },
        });
        expect(hits).toEqual([]);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('of 1 MB is answered', async () => {
    const { hits } = await notes().search('', { filter: { tag: '"\\'.repeat(512 * 1024) } });
    expect(hits).toEqual([]);
  });
});
