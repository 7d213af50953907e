import * as fc from 'fast-check';
import { distinctKeys, jobsOf, KEYS_PER_JOB, keysOf } from '../../src/queue/job-keys.js';

const someKeys = fc.array(
  fc.record({
    entity: fc.constantFrom('Movie', 'Movie>director', '__proto__', 'constructor', 'toString'),
    recordKey: fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.string({ unit: 'binary', maxLength: 20 })),
  }),
  { maxLength: 700 },
);
const texts = (keys: readonly { entity: string; recordKey: string }[]) =>
  keys.map(({ entity, recordKey }) => `${entity}\0${recordKey}`).sort();

it('what is made into jobs, stored as JSON and read again is every key, once', () => {
  fc.assert(
    fc.property(someKeys, (keys) => {
      const jobs = JSON.parse(JSON.stringify(jobsOf(keys))) as unknown[];
      expect(texts(jobs.flatMap((job) => keysOf(job)!))).toEqual(texts(distinctKeys(keys)));
    }),
  );
});

it('a job has a bounded number of keys', () => {
  const keys = Array.from({ length: 2 * KEYS_PER_JOB + 1 }, (_, at) => ({ entity: 'Movie', recordKey: `${at}` }));
  expect(jobsOf(keys).map((job) => keysOf(job)!.length)).toEqual([KEYS_PER_JOB, KEYS_PER_JOB, 1]);
});

it('a job holds keys and nothing else', () => {
  const key = { entity: 'Movie', recordKey: '7', title: 'Dune' };
  expect(JSON.stringify(jobsOf([key]))).toBe('[{"keys":{"Movie":["7"]}}]');
});

it.each([
  null,
  undefined,
  1,
  'x',
  {},
  { keys: null },
  { keys: 1 },
  { keys: { Movie: '1' } },
  { keys: { Movie: [1, 2] } },
])('the data %j is no job of ours', (data) => {
  expect(keysOf(data)).toBeNull();
});

it.each([
  ['entity', { entity: 'x'.repeat(191), recordKey: '1' }],
  ['key', { entity: 'Movie', recordKey: 'x'.repeat(579) }],
])('a long %s is refused', (_what, key) => {
  expect(() => jobsOf([key])).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
});
