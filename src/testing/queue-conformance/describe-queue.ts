import { globalFramework, type TestFramework } from '../conformance/test-framework.js';
import {
  DELIVERY,
  FAILURES,
  IN_A_TRANSACTION,
  INTERRUPTIONS,
  OUTSIDE_TRANSACTIONS,
  type QueueBehaviours,
} from './queue-behaviours.js';
import { QueueBench } from './queue-bench.js';
import type { QueueUnderTest } from './queue-under-test.js';

export interface QueueSuite {
  /** What `transactional` of the queue must say. */
  readonly transactional: boolean;
  /** Opens the engine; called once for the run. */
  make(): Promise<QueueUnderTest>;
}

/**
 * Runs the conformance suite against a queue: nothing that was enqueued is lost, whatever happens to consumers and
 * connections, and what fails for good is listed, retried and discarded. Every case has a queue of its own, named
 * `conformance_…`; they stay, empty or not. A run takes about a minute, one case up to 30 seconds.
 * @param framework the functions of the test framework; default the globals of Jest
 * @throws ScrypathError `OPTION_INVALID` where neither is there
 * @example
 * describeQueue('my queue', { transactional: false, make: () => startMyQueue() });
 */
export function describeQueue(name: string, suite: QueueSuite, framework: TestFramework = globalFramework()): void {
  const { describe, it, beforeAll, afterAll } = framework;
  let subject: QueueUnderTest;

  const group = (title: string, behaviours: QueueBehaviours) =>
    describe(title, () => {
      for (const [promise, check] of Object.entries(behaviours)) it(promise, () => tried(subject, check));
    });

  describe(name, () => {
    beforeAll(async () => {
      subject = await suite.make();
    });
    afterAll(async () => {
      // Not there where it could not be opened.
      await subject?.dispose();
    });
    group('delivery', DELIVERY);
    group('failures', FAILURES);
    group('interruptions', INTERRUPTIONS);
    group('transactions', suite.transactional ? IN_A_TRANSACTION : OUTSIDE_TRANSACTIONS);
  });
}

async function tried(subject: QueueUnderTest, check: (bench: QueueBench) => Promise<void>): Promise<void> {
  const bench = new QueueBench(subject);
  try {
    await check(bench);
  } finally {
    await bench.close();
  }
}
