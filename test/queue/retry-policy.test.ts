import { pauseMs, type RetryOptions, resolveRetry } from '../../src/queue/retry-policy.js';

const policy = { limit: 20, delaySeconds: 1, maxDelaySeconds: 60 };

it('each pause is twice as long as the one before, up to the longest', () => {
  expect([1, 2, 3, 7, 8, 1000].map((attempts) => pauseMs(policy, attempts, 1))).toEqual([
    1000, 2000, 4000, 60_000, 60_000, 60_000,
  ]);
});

it('a pause is between its half and its full length', () => {
  expect([0, 0.5, 1].map((random) => pauseMs(policy, 3, random))).toEqual([2000, 3000, 4000]);
});

it('has defaults', () => {
  const problems: string[] = [];
  expect(resolveRetry({}, problems)).toEqual({ limit: 20, delaySeconds: 1, maxDelaySeconds: 300 });
  expect(problems).toEqual([]);
});

it.each<RetryOptions>([
  { limit: -1 },
  { limit: 1.5 },
  { delaySeconds: 0 },
  { maxDelaySeconds: 0 },
  { limit: 'two' as unknown as number },
  { tries: 3 } as RetryOptions,
])('refuses %j', (given) => {
  const problems: string[] = [];
  resolveRetry(given, problems);
  expect(problems).toHaveLength(1);
});
