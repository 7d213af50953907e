import { indexAtAcceptance, swapsOf } from '../../src/meilisearch/renamed-tasks.js';

const swap = (id: number, ...pairs: [string, string][]) => ({ id, pairs });

describe('the index for which a task was accepted', () => {
  it('is the one it shows where no later swap touched it', () => {
    const swaps = [swap(3, ['a', 'b']), swap(9, ['x', 'y'])];
    expect(indexAtAcceptance({ id: 5, index: 'a' }, swaps)).toBe('a');
  });

  it('is found by undoing the later swaps, whatever order they are listed in', () => {
    const swaps = [swap(6, ['a', 'b']), swap(8, ['c', 'b']), swap(7, ['p', 'q'], ['z', 'y'])];
    expect(indexAtAcceptance({ id: 5, index: 'c' }, swaps)).toBe('a');
    expect(indexAtAcceptance({ id: 5, index: 'c' }, [...swaps].reverse())).toBe('a');
    expect(indexAtAcceptance({ id: 7, index: 'c' }, swaps)).toBe('b');
    expect(indexAtAcceptance({ id: 5, index: 'y' }, swaps)).toBe('z');
  });

  it('is read from the listed swaps; what is described otherwise says nothing', () => {
    const listed = { uid: 8, details: { swaps: [{ indexes: ['a', 'b'], rename: false }] } };
    expect(swapsOf([listed, null, { uid: 1 }, { uid: 2, details: { swaps: [{}, { indexes: ['a'] }] } }])).toEqual([
      { id: 8, pairs: [['a', 'b']] },
      { id: 2, pairs: [] },
    ]);
  });
});
