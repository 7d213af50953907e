import type { TaskOutcome, TaskStatus } from '../../src/backend/task';
import { waitOutcome } from '../../src/backend/task-wait';
import { batchOutcomeOf } from '../../src/worker/batch-span';
import type { Drained } from '../../src/worker/drain';

const drained = (facts: Partial<Drained>): Drained => ({
  ...{ rows: 1, sent: 1, accepted: [], errors: new Map(), outage: false, waiting: false, replaced: [], stuck: [] },
  ...facts,
});
const errors = new Map([['1', new Error()]]);

it.each([
  ['accepted', drained({}), false],
  ['noop', drained({ sent: 0 }), false],
  ['waiting', drained({ waiting: true }), false],
  ['refused', drained({ waiting: true, errors }), false],
  ['refused', drained({}), true],
  ['replaced', drained({ errors, replaced: ['movies'] }), true],
  ['outage', drained({ errors, replaced: ['movies'], outage: true }), true],
] as const)('a batch came to: %s', (outcome, given, discards) => {
  expect(batchOutcomeOf(given, discards)).toBe(outcome);
});

const outcomes = (...statuses: readonly TaskStatus[]): readonly TaskOutcome[] =>
  statuses.map((status, id) => ({ id, index: 'movies', status, error: null }));

it.each([
  ['succeeded', outcomes('succeeded', 'succeeded')],
  ['enqueued', outcomes('succeeded', 'enqueued')],
  ['processing', outcomes('enqueued', 'processing')],
  ['unknown', outcomes('processing', 'unknown')],
  ['canceled', outcomes('unknown', 'canceled', 'succeeded')],
  ['failed', outcomes('canceled', 'failed', 'succeeded')],
] as const)('a wait ended with: %s', (outcome, given) => {
  expect(waitOutcome(given)).toBe(outcome);
});
