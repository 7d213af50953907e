import fc from 'fast-check';
import { DocSet } from '../../src/embedded/doc-set.js';

const LIMIT = 200;
const ids = fc.uniqueArray(fc.nat(LIMIT - 1));
const idsIn = (set: DocSet): number[] => set.first(Number.POSITIVE_INFINITY);
const ascending = (list: readonly number[]): number[] => [...list].sort((left, right) => left - right);

it('a set of documents combines as sets do', () => {
  fc.assert(
    fc.property(ids, ids, fc.nat(LIMIT), (left, right, most) => {
      const set = () => DocSet.of(LIMIT, left);
      const other = DocSet.of(LIMIT, right);
      expect(idsIn(set())).toEqual(ascending(left));
      expect(idsIn(set().union(other))).toEqual(ascending([...new Set([...left, ...right])]));
      expect(idsIn(set().intersect(other))).toEqual(ascending(left.filter((id) => right.includes(id))));
      expect(idsIn(set().subtract(other))).toEqual(ascending(left.filter((id) => !right.includes(id))));
      expect(set().size).toBe(left.length);
      expect(set().isEmpty()).toBe(left.length === 0);
      expect(set().first(most)).toEqual(ascending(left).slice(0, most));
      expect(idsIn(set().resized(1000).resized(LIMIT))).toEqual(ascending(left));
      const visited: number[] = [];
      set().forEach((id) => {
        visited.push(id);
      });
      expect(visited).toEqual(ascending(left));
      for (const id of right) expect(set().has(id)).toBe(left.includes(id));
    }),
  );
});
