import type { DataSource } from 'typeorm';
import { bullmq } from '../../src/bullmq/index.js';
import { embedded } from '../../src/embedded/index.js';
import { Scrypath, type ScrypathOptions, type WorkQueue } from '../../src/index.js';
import { pgBoss } from '../../src/pg-boss/index.js';
import { openDatabase } from '../stacks/stack.js';
import { articles, SCHEMAS } from './newsroom.js';

/** A queue that notes what it is asked to do. */
function noting(): { readonly queue: WorkQueue; readonly calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => async () => {
    calls.push(call);
  };
  const queue = {
    name: 'noting',
    transactional: false,
    start: note('start'),
    enqueue: note('enqueue'),
    consume: () => ({ stop: note('stop') }),
    close: note('close'),
    failed: { list: async () => ({ jobs: [], after: null }), retry: async () => false, discard: async () => false },
  } as unknown as WorkQueue;
  return { queue, calls };
}

let dataSource: DataSource;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ dataSource, drop } = await openDatabase('sqlite', SCHEMAS));
});
afterEach(() => drop());
const make = (options: Partial<ScrypathOptions>) =>
  new Scrypath({ dataSource, backend: embedded(), entities: [articles], ...options });

it('a queue brings an outbox with it', async () => {
  const { queue } = noting();
  const scrypath = make({ queue });
  await scrypath.start();
  expect((await scrypath.failedWork()).items).toEqual([]);
  await scrypath.close();
});

it('without an outbox a queue is refused', () => {
  expect(() => make({ queue: noting().queue, outbox: false })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', problems: ['queue needs an outbox'] }),
  );
});

it.each([{}, 'redis://127.0.0.1', null, []])('%j is no queue', (queue) => {
  expect(() => make({ queue: queue as never })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

it('the queue is started with the instance, and closed behind its workers', async () => {
  const { queue, calls } = noting();
  const scrypath = make({ queue, sync: { mode: 'queued' } });
  expect(calls).toEqual([]);
  await scrypath.start();
  expect(calls).toEqual(['start']);
  await scrypath.worker().start();
  await scrypath.close();
  expect(calls).toEqual(['start', 'stop', 'close']);
});

it('where this instance brings its writes itself it makes no jobs', async () => {
  const { queue, calls } = noting();
  const scrypath = make({ queue, capture: 'orm' });
  await scrypath.start();
  await dataSource.getRepository('Article').save({ title: 'Kettle' });
  await scrypath.drain();
  expect((await scrypath.for(articles.target).search('kettle')).hits).toHaveLength(1);
  await scrypath.close();
  expect(calls).toEqual(['start', 'close']);
});

it('a queue that cannot join transactions of the database says so at the start', async () => {
  const queue = pgBoss({ connectionString: 'postgres://127.0.0.1:1/none' });
  const scrypath = make({ queue, sync: { mode: 'queued' } });
  await expect(scrypath.start()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await scrypath.close();
});

it('a queue that does not answer says so at the start', async () => {
  const logger = { warn: () => undefined, error: () => undefined };
  const queue = bullmq({ connection: { host: '127.0.0.1', port: 1 }, logger });
  const scrypath = make({ queue, sync: { mode: 'queued' } });
  await expect(scrypath.start()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
  await scrypath.close();
});

it('an id of a job is nobody’s where there is no queue', async () => {
  const scrypath = make({ outbox: true });
  await scrypath.start();
  expect(await scrypath.retry('queue:1')).toBe(false);
  expect(await scrypath.discard('queue:1')).toBe(false);
  await scrypath.close();
});
