import { batchesOf } from '../../src/queue/batches.js';

const delivery = (name: string, earlierAttempts: number, ...recordKeys: string[]) => ({
  name,
  earlierAttempts,
  keys: recordKeys.map((recordKey) => ({ entity: 'Movie', recordKey })),
});
const shown = (batches: ReturnType<typeof batchesOf<ReturnType<typeof delivery>>>) =>
  batches.map(({ deliveries, keys }) => [
    deliveries.map(({ name }) => name).join('+'),
    keys.map(({ recordKey }) => recordKey).join(),
  ]);

it('puts jobs together, each key once', () => {
  const batches = batchesOf([delivery('a', 0, '1', '2'), delivery('b', 0, '2', '3'), delivery('c', 1, '1')], 10);
  expect(shown(batches)).toEqual([['a+b+c', '1,2,3']]);
});

it('begins another batch where the next job has no room, and never splits a job', () => {
  const batches = batchesOf(
    [delivery('a', 0, '1', '2'), delivery('b', 0, '3'), delivery('c', 0, '4', '5', '6', '7')],
    3,
  );
  expect(shown(batches)).toEqual([
    ['a+b', '1,2,3'],
    ['c', '4,5,6,7'],
  ]);
});

it('keeps a job that has failed twice alone, and hands it out last', () => {
  const batches = batchesOf([delivery('bad', 2, '1'), delivery('a', 0, '2'), delivery('worse', 9, '3')], 10);
  expect(shown(batches)).toEqual([
    ['a', '2'],
    ['bad', '1'],
    ['worse', '3'],
  ]);
});

it('makes no batch of nothing', () => {
  expect(batchesOf([], 10)).toEqual([]);
});
