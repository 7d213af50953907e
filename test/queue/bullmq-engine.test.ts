import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { type BullmqQueue, bullmq } from '../../src/bullmq/index.js';
import { eventually, isIdle, keysNamed, recording } from '../../src/testing/queue-conformance/queue-bench.js';
import { reachable } from '../stacks/reachable.js';

const title = 'a queue of BullMQ [redis · bullmq]';
const server = reachable().redis;

function specification(url: string): void {
  const prefix = `scrypath-${randomBytes(6).toString('hex')}`;
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    await redis.quit();
  });
  const open = (queue: string, more: Partial<Parameters<typeof bullmq>[0]> = {}): BullmqQueue =>
    bullmq({ connection: { url }, prefix, queue, lockSeconds: 2, ...more });

  it('works through a client of yours, and leaves it connected', async () => {
    const queue = open('client', { connection: redis });
    const { batches } = recording(queue);
    await queue.enqueue(keysNamed(1));
    await eventually('the job is gone', () => isIdle(queue));
    expect(batches).toEqual([['Movie 1']]);
    await queue.close();
    expect(await redis.ping()).toBe('PONG');
  });

  it('shows BullMQ its own queue and worker, with their events', async () => {
    const queue = open('events');
    const completed: string[] = [];
    const consumer = queue.consume(async () => undefined);
    consumer.worker.on('completed', (job) => completed.push(job.name));
    await queue.enqueue(keysNamed(1));
    await eventually('the event is heard', () => completed.length === 1);
    expect(await queue.queue.getCompletedCount()).toBe(0);
    await queue.close();
  });

  it('gives its jobs no id and no deduplication, so that none swallows another', async () => {
    const queue = open('ids');
    await queue.enqueue(keysNamed(1));
    await queue.enqueue(keysNamed(1));
    const jobs = await queue.queue.getWaiting();
    expect(jobs.map(({ id }) => id).sort()).toEqual(['1', '2']);
    expect(jobs.map(({ opts }) => opts.deduplication)).toEqual([undefined, undefined]);
    await queue.close();
  });

  it('a job of somebody else in the queue is failed, and those beside it are handled', async () => {
    const queue = open('foreign', { retry: { limit: 0 } });
    await queue.queue.add('other', { hello: 'world' } as never, { attempts: 1 });
    await queue.enqueue(keysNamed(1));
    const { batches } = recording(queue);
    await eventually('all jobs are gone', () => isIdle(queue));
    expect(batches).toEqual([['Movie 1']]);
    expect((await queue.failed.list()).jobs).toMatchObject([{ keys: [], reason: 'Error' }]);
    await queue.close();
  });

  it('a handler is told that its jobs may be given to another', async () => {
    const queue = open('taken', { logger: { warn: () => undefined, error: () => undefined } });
    await queue.enqueue(keysNamed(1));
    const signals: AbortSignal[] = [];
    recording(queue, async (_keys, signal) => {
      signals.push(signal);
      if (signals.length === 1)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
    await eventually('the job is handled', () => signals.length === 1);
    await redis.del(`${prefix}:taken:1:lock`);
    await eventually('the handler is told', () => signals[0]!.aborted);
    await eventually('it is handed out again', () => signals.length === 2);
    await eventually('the job is gone', () => isIdle(queue));
    await queue.close();
  });

  it('what Redis keeps of a job and of its failure is keys, class and code', async () => {
    const queue = open('kept', { retry: { limit: 0 } });
    await queue.enqueue([{ entity: 'Movie', recordKey: '7', title: 'secret' } as never]);
    recording(queue, () => Promise.reject(Object.assign(new Error('secret'), { code: 'E1' })));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    const kept = await redis.hgetall(`${prefix}:kept:1`);
    expect(JSON.stringify(kept)).not.toContain('secret');
    expect(kept).toMatchObject({ data: '{"keys":{"Movie":["7"]}}', failedReason: 'Error E1' });
    await queue.close();
  });
}

if (server.there) describe(title, () => specification(server.at.url));
else describe(title, () => it.skip(`skipped: ${server.reason}`, () => undefined));
