import assert from 'node:assert/strict';
import { ScrypathError } from '../../errors/scrypath-error.js';
import { eventually, isIdle, keysNamed, type QueueBench, recording } from './queue-bench.js';

export type QueueBehaviours = Readonly<Record<string, (bench: QueueBench) => Promise<void>>>;

const sorted = (batches: readonly string[][]): string[] => batches.flat().sort();

export const DELIVERY: QueueBehaviours = {
  'a key that was enqueued is handed out, and its job is gone then': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue(keysNamed('1', 'a"\\ \u{1F3AC}'));
    const { batches } = recording(queue);
    await eventually('the job is gone', () => isIdle(queue));
    assert.deepEqual(sorted(batches), ['Movie 1', 'Movie a"\\ \u{1F3AC}'].sort());
    assert.equal(await queue.failed.count(), 0);
  },
  'a job that is added to a queue with idle consumers is handed out': async (bench) => {
    const [writer, reader] = [await bench.queue(), await bench.queue()];
    const { batches } = recording(reader);
    await writer.enqueue(keysNamed(1));
    await eventually('the first is handed out', () => batches.length === 1);
    await writer.enqueue(keysNamed(2));
    await eventually('the second is handed out', () => batches.length === 2);
  },
  'no keys are no job': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue([]);
    assert.deepEqual(await queue.stats(), { waiting: 0, delayed: 0, active: 0, failed: 0 });
  },
  'thousands of keys of one call arrive, each in one job': async (bench) => {
    const queue = await bench.queue();
    const wanted = Array.from({ length: 2345 }, (_, at) => at);
    await queue.enqueue(keysNamed(...wanted, ...wanted));
    const { waiting } = await queue.stats();
    assert.ok(waiting >= 1 && waiting < 100, `${waiting} jobs`);
    const { batches } = recording(queue);
    await eventually('all jobs are gone', () => isIdle(queue));
    assert.deepEqual(sorted(batches), wanted.map((key) => `Movie ${key}`).sort());
  },
  'jobs that wait are put together, and a key is in a batch once': async (bench) => {
    const queue = await bench.queue();
    const { opened, open } = bench.gate();
    const { batches } = recording(queue, () => opened);
    await queue.enqueue(keysNamed('first'));
    await eventually('the first batch is held', () => batches.length === 1);
    for (let round = 0; round < 40; round += 1) await queue.enqueue(keysNamed(round % 10));
    open();
    await eventually('all jobs are gone', () => isIdle(queue));
    assert.ok(batches.length < 40, `${batches.length} batches`);
    for (const batch of batches) assert.equal(new Set(batch).size, batch.length);
    assert.equal(new Set(batches.flat()).size, 11);
  },
  'a change that comes while a job of its key is handled is handed out afterwards': async (bench) => {
    const queue = await bench.queue();
    const { opened, open } = bench.gate();
    const { batches } = recording(queue, () => opened);
    await queue.enqueue(keysNamed(1));
    await eventually('the job is handled', () => batches.length === 1);
    for (let change = 0; change < 3; change += 1) await queue.enqueue(keysNamed(1));
    open();
    await eventually('all jobs are gone', () => isIdle(queue));
    assert.ok(batches.length >= 2);
    assert.deepEqual(batches.at(-1), ['Movie 1']);
  },
  'a change that comes while a job of its key waits is not lost either': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue(keysNamed(1));
    await queue.enqueue(keysNamed(1));
    assert.equal((await queue.stats()).waiting, 2);
  },
  'a key that the outbox cannot take is refused': async (bench) => {
    const queue = await bench.queue();
    await assert.rejects(queue.enqueue(keysNamed('x'.repeat(579))), (error) => ScrypathError.is(error, 'KEY_INVALID'));
    assert.ok(await isIdle(queue));
  },
};

export const FAILURES: QueueBehaviours = {
  'a job whose handler rejects is handed out again, and then is in the list of failed ones': async (bench) => {
    const queue = await bench.queue({ limit: 1 });
    await queue.enqueue(keysNamed(1));
    const { batches } = recording(queue, () => Promise.reject(new Error('password=secret')));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    assert.equal(batches.length, 2);
    const { jobs, after } = await queue.failed.list();
    assert.equal(after, null);
    assert.deepEqual(jobs[0]!.keys, keysNamed(1));
    assert.equal(jobs[0]!.attempts, 2);
    assert.equal(jobs[0]!.reason, 'Error');
    assert.ok(jobs[0]!.failedAt instanceof Date);
    assert.deepEqual(await queue.stats(), { waiting: 0, delayed: 0, active: 0, failed: 1 });
  },
  'between two attempts a job waits': async (bench) => {
    const queue = await bench.queue({ delaySeconds: 600, maxDelaySeconds: 600 });
    await queue.enqueue(keysNamed(1));
    const { batches } = recording(queue, () => Promise.reject(new Error('no')));
    await eventually('the job waits', async () => (await queue.stats()).delayed === 1);
    assert.equal(batches.length, 1);
    assert.equal(await queue.failed.count(), 0);
  },
  'the reason of a failure is its code where it has one': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    await queue.enqueue(keysNamed(1));
    recording(queue, () => Promise.reject(new ScrypathError({ code: 'BACKEND_BUSY', happened: 'It is busy.' })));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    assert.equal((await queue.failed.list()).jobs[0]!.reason, 'BACKEND_BUSY: It is busy.');
  },
  'a job that failed is retried by its id, and gone once it is handled': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    await queue.enqueue(keysNamed(1));
    let healthy = false;
    const { batches } = recording(queue, () => (healthy ? Promise.resolve() : Promise.reject(new Error('no'))));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    healthy = true;
    const { id } = (await queue.failed.list()).jobs[0]!;
    assert.equal(await queue.failed.retry(id), true);
    await eventually('the job is gone', async () => (await isIdle(queue)) && (await queue.failed.count()) === 0);
    assert.equal(batches.length, 2);
    assert.equal(await queue.failed.retry(id), false);
  },
  'a retried job that fails again is listed again': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    await queue.enqueue(keysNamed(1));
    const { batches } = recording(queue, () => Promise.reject(new Error('no')));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    await queue.failed.retry((await queue.failed.list()).jobs[0]!.id);
    await eventually('it has failed again', async () => batches.length === 2 && (await queue.failed.count()) === 1);
  },
  'a job that failed is discarded by its id': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    await queue.enqueue(keysNamed(1));
    recording(queue, () => Promise.reject(new Error('no')));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    const { id } = (await queue.failed.list()).jobs[0]!;
    assert.equal(await queue.failed.discard(id), true);
    assert.deepEqual(await queue.stats(), { waiting: 0, delayed: 0, active: 0, failed: 0 });
    assert.equal(await queue.failed.discard(id), false);
    assert.equal(await queue.failed.discard('no such id'), false);
    assert.equal(await queue.failed.retry('no such id'), false);
  },
  'a job that waits cannot be discarded as if it had failed': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    await queue.enqueue(keysNamed(1));
    const failing = recording(queue, () => Promise.reject(new Error('no')));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    await failing.consumer.stop();
    const { id } = (await queue.failed.list()).jobs[0]!;
    await queue.failed.retry(id);
    assert.equal(await queue.failed.discard(id), false);
    assert.equal((await queue.stats()).waiting, 1);
  },
  'failed jobs are listed by pages, each once, also while they are retried': async (bench) => {
    const queue = await bench.queue({ limit: 0 });
    for (let key = 0; key < 7; key += 1) await queue.enqueue(keysNamed(key));
    const failing = recording(queue, () => Promise.reject(new Error('no')));
    await eventually('all have failed', async () => (await queue.failed.count()) === 7);
    await failing.consumer.stop();
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof queue.failed.list>> = await queue.failed.list({ limit: 3, after });
      for (const { id, keys } of page.jobs) {
        seen.push(...keys.map(({ recordKey }) => recordKey));
        await queue.failed.retry(id);
      }
      after = page.after;
    } while (after !== null);
    assert.deepEqual(seen.sort(), ['0', '1', '2', '3', '4', '5', '6']);
  },
  'a job that fails always does not take those beside it with it': async (bench) => {
    const queue = await bench.queue({ limit: 3 });
    for (let key = 0; key < 20; key += 1) await queue.enqueue(keysNamed(key));
    const { batches } = recording(queue, async (keys) => {
      // Time for others to gather: alone by chance proves nothing.
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (keys.some(({ recordKey }) => recordKey === '5')) throw new Error('poison');
    });
    await eventually('all but one are gone', async () => (await isIdle(queue)) && (await queue.failed.count()) === 1);
    const poisoned = batches.filter((batch) => batch.includes('Movie 5'));
    assert.deepEqual(poisoned.slice(2), [['Movie 5'], ['Movie 5']]);
    assert.deepEqual((await queue.failed.list()).jobs[0]!.keys, keysNamed(5));
  },
};

export const INTERRUPTIONS: QueueBehaviours = {
  'a consumer can be stopped while the engine is away': async (bench) => {
    const queue = await bench.queue();
    const { batches, consumer } = recording(queue);
    await queue.enqueue(keysNamed(1));
    await eventually('the first is handled', () => batches.length === 1);
    const restore = await bench.interrupt();
    try {
      await consumer.stop({ timeoutMs: 100 });
      await queue.close();
    } finally {
      await restore();
    }
  },
  'jobs of a consumer that is killed are handed to another': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue(keysNamed(1));
    const child = bench.child('hold');
    await eventually('the child holds the job', () => child.keys.length === 1);
    await child.end('SIGKILL');
    const { batches } = recording(queue);
    await eventually('the job is gone', () => isIdle(queue));
    assert.deepEqual(batches, [['Movie 1']]);
  },
  // Not promised: that no key is with two consumers at once. The locks of the outbox see to that.
  'consumers in two processes share the jobs': async (bench) => {
    const queue = await bench.queue();
    const children = [bench.child('finish'), bench.child('finish')];
    const wanted = Array.from({ length: 40 }, (_, at) => at);
    const given = () => children.flatMap(({ keys }) => keys);
    let key = 0;
    // Until each has had something: which one comes first is nobody's to say.
    await eventually('both were given jobs', async () => {
      await queue.enqueue(keysNamed(key++));
      return children.every(({ keys }) => keys.length > 0);
    });
    const before = key;
    for (const at of wanted) await queue.enqueue(keysNamed(before + at));
    await eventually('all jobs are gone', () => isIdle(queue));
    await eventually('all were printed', () => new Set(given()).size === before + wanted.length);
    await Promise.all(children.map((child) => child.end('SIGTERM')));
  },
  'a consumer that is stopped finishes what it has, and takes no more': async (bench) => {
    const queue = await bench.queue();
    const { opened, open } = bench.gate();
    const { batches, consumer } = recording(queue, () => opened);
    await queue.enqueue(keysNamed(1));
    await eventually('the job is handled', () => batches.length === 1);
    let stopped = false;
    const stopping = consumer.stop().then(() => {
      stopped = true;
    });
    await queue.enqueue(keysNamed(2));
    assert.equal(stopped, false);
    open();
    await stopping;
    assert.deepEqual(batches, [['Movie 1']]);
    assert.deepEqual(await queue.stats(), { waiting: 1, delayed: 0, active: 0, failed: 0 });
  },
  'a consumer whose time to stop is over gives back what it has, and tells its handler': async (bench) => {
    const queue = await bench.queue();
    const { opened } = bench.gate();
    const signals: AbortSignal[] = [];
    const { batches, consumer } = recording(queue, (_, signal) => {
      signals.push(signal);
      return opened;
    });
    await queue.enqueue(keysNamed(1));
    await eventually('the job is handled', () => batches.length === 1);
    assert.equal(signals[0]!.aborted, false);
    await consumer.stop({ timeoutMs: 50 });
    assert.equal(signals[0]!.aborted, true);
    assert.equal((await queue.stats()).active, 0);
    const next = recording(await bench.queue());
    await eventually('another is given the job', () => next.batches.length === 1);
  },
  'a consumer goes on after its connection was lost': async (bench) => {
    const queue = await bench.queue();
    const { batches } = recording(queue);
    await queue.enqueue(keysNamed(1));
    await eventually('the first is handled', () => batches.length === 1);
    const restore = await bench.interrupt();
    try {
      await assert.rejects(queue.enqueue(keysNamed('lost')));
    } finally {
      await restore();
    }
    await eventually('it can be added to again', () =>
      queue.enqueue(keysNamed(2)).then(
        () => true,
        () => false,
      ),
    );
    await eventually('what was added is handled', () => batches.flat().includes('Movie 2'));
  },
  'a closed queue says so': async (bench) => {
    const queue = await bench.queue();
    await queue.close();
    const isClosed = (error: unknown) => ScrypathError.is(error, 'CLOSED');
    await assert.rejects(queue.enqueue(keysNamed(1)), isClosed);
    await assert.rejects(queue.stats(), isClosed);
    await assert.rejects(queue.failed.list(), isClosed);
    assert.throws(() => queue.consume(async () => undefined), isClosed);
    await queue.close();
  },
};

export const IN_A_TRANSACTION: QueueBehaviours = {
  'jobs are there once the transaction has committed, and not before': async (bench) => {
    const queue = await bench.queue();
    assert.equal(queue.transactional, true);
    const { batches } = recording(queue);
    await bench.dataSource.transaction(async (manager) => {
      await queue.enqueue(keysNamed(1), { manager });
      assert.equal((await queue.stats()).waiting, 0);
    });
    await eventually('the job is handled', () => batches.length === 1);
  },
  'jobs of a transaction that is rolled back never were': async (bench) => {
    const queue = await bench.queue();
    const undone = new Error('undone');
    const writing = bench.dataSource.transaction(async (manager) => {
      await queue.enqueue(keysNamed(1), { manager });
      throw undone;
    });
    await assert.rejects(writing, (error) => error === undone);
    assert.ok(await isIdle(queue));
  },
  'jobs of an inner transaction that is rolled back never were, those of the outer one are': async (bench) => {
    const queue = await bench.queue();
    await bench.dataSource.transaction(async (manager) => {
      await queue.enqueue(keysNamed('outer'), { manager });
      const inner = manager.transaction(async (innerManager) => {
        await queue.enqueue(keysNamed('inner'), { manager: innerManager });
        throw new Error('undone');
      });
      await assert.rejects(inner);
    });
    const { batches } = recording(queue);
    await eventually('the job is gone', () => isIdle(queue));
    assert.deepEqual(batches.flat(), ['Movie outer']);
  },
  'a job that waits does not swallow a change that is committed later': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue(keysNamed(1));
    const { opened, open } = bench.gate();
    const enqueued = bench.gate();
    const writing = bench.dataSource.transaction(async (manager) => {
      await queue.enqueue(keysNamed(1), { manager });
      enqueued.open();
      await opened;
    });
    await enqueued.opened;
    const { batches } = recording(queue);
    await eventually('the job of before is handled', async () => batches.length === 1 && (await isIdle(queue)));
    open();
    await writing;
    await eventually('the job of the change is handled', () => batches.length === 2);
  },
  'two transactions that mark the same keys do not wait for each other': async (bench) => {
    const queue = await bench.queue();
    await bench.dataSource.transaction(async (one) => {
      await queue.enqueue(keysNamed(1, 2), { manager: one });
      await bench.dataSource.transaction((other) => queue.enqueue(keysNamed(2, 1), { manager: other }));
    });
    assert.equal((await queue.stats()).waiting, 2);
  },
  'a manager without a transaction adds at once': async (bench) => {
    const queue = await bench.queue();
    await queue.enqueue(keysNamed(1), { manager: bench.dataSource.manager });
    assert.equal((await queue.stats()).waiting, 1);
  },
};

export const OUTSIDE_TRANSACTIONS: QueueBehaviours = {
  'a manager is refused: the job would be there before the commit, and after a rollback': async (bench) => {
    const queue = await bench.queue();
    assert.equal(queue.transactional, false);
    const manager = {} as never;
    await assert.rejects(queue.enqueue(keysNamed(1), { manager }), (error) =>
      ScrypathError.is(error, 'OPTION_INVALID'),
    );
    assert.ok(await isIdle(queue));
  },
};
