import fc from 'fast-check';
import type { DirtyRow } from '../../src/worker/dirty-row';
import { choosePiece } from '../../src/worker/drain';
import { backoffMs, errorClass, REASONS, reasonOf } from '../../src/worker/failure';
import type { Change } from '../../src/worker/read-changes';
import { timingOf } from '../../src/worker/timing';

describe('the wait before the next try', () => {
  const backoff = { baseMs: 500, maxMs: 60_000 };

  it('doubles with each failure, up to the longest', () => {
    expect([0, 1, 2, 3].map((attempt) => backoffMs(backoff, attempt, 1))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(backoffMs(backoff, 7, 1)).toBe(60_000);
    expect(backoffMs(backoff, 1_000, 1)).toBe(60_000);
  });

  it('is never the same for two: between half of it and all of it, by chance', () => {
    expect(backoffMs(backoff, 1, 0)).toBe(500);
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const ms = backoffMs(backoff, attempt, random);
        const full = Math.min(60_000, 500 * 2 ** attempt);
        expect(ms).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(ms).toBeLessThanOrEqual(full);
      }),
    );
    expect(new Set(Array.from({ length: 50 }, () => backoffMs(backoff, 10))).size).toBeGreaterThan(1);
  });
});

describe('why work failed, as a row keeps it', () => {
  it('is a reason and a code', () => {
    expect(errorClass('transport', 'BACKEND_TIMEOUT')).toBe('transport:BACKEND_TIMEOUT');
    for (const reason of REASONS) expect(reasonOf(errorClass(reason, 'x'))).toEqual({ reason, code: 'x' });
    expect(reasonOf(errorClass('validation'))).toEqual({ reason: 'validation', code: null });
  });

  it('has no room for a text, which may hold a key or a secret', () => {
    expect(errorClass('backend_rejected', 'Document `42` is invalid')).toBe('backend_rejected');
    expect(errorClass('backend_rejected', 'x'.repeat(81))).toBe('backend_rejected');
  });

  it('is unknown where a row says nothing, or what a later version wrote', () => {
    expect(reasonOf(null)).toEqual({ reason: 'unknown', code: null });
    expect(reasonOf('novelty:x')).toEqual({ reason: 'unknown', code: 'x' });
  });
});

describe('the time after which a lost request has arrived or never will', () => {
  it('is that of the lock, of the request and of the network', () => {
    expect(timingOf({ lockMs: 15_000, requestMs: 10_000, marginMs: 100 }).graceMs).toBe(25_100);
    expect(timingOf({ lockMs: 15_000, requestMs: 10_000 }).graceMs).toBe(30_000);
  });
});

describe('what goes alone to an isolated index', () => {
  const change = (key: string, piece: number, removed = false): Change => ({
    key,
    document: removed ? null : { key, data: {}, source: 'fields' },
    rows: [{ id: key, piece } as DirtyRow],
  });
  const keysOf = (changes: readonly Change[]) => choosePiece(changes).map(({ key }) => key);

  it('is the smallest piece under suspicion, no more of it than its size', () => {
    expect(keysOf([change('a', 4), change('b', 2), change('c', 2), change('d', 2), change('e', 0)])).toEqual([
      'b',
      'c',
    ]);
    expect(keysOf([change('a', 8), change('b', 1), change('c', 1)])).toEqual(['b']);
  });

  it('is what nothing is said against, where no suspect is at hand', () => {
    expect(keysOf([change('a', 0), change('b', 0)])).toEqual(['a', 'b']);
  });

  it('is one task: only upserts, or only removals', () => {
    expect(keysOf([change('a', 0, true), change('b', 0), change('c', 0, true)])).toEqual(['b']);
    expect(keysOf([change('a', 2, true), change('b', 2, true)])).toEqual(['a', 'b']);
  });

  it('a key whose rows differ is as suspicious as the piece of the largest of them', () => {
    const both: Change = { ...change('a', 0), rows: [{ piece: 0 } as DirtyRow, { piece: 4 } as DirtyRow] };
    expect(keysOf([both, change('b', 0)])).toEqual(['a']);
  });
});
