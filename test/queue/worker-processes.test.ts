import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Backend, Scrypath, WorkQueue } from '../../src/index.js';
import { ChildConsumer } from '../../src/testing/queue-conformance/child-consumer.js';
import { eventually, isIdle } from '../../src/testing/queue-conformance/queue-bench.js';
import { reachable } from '../stacks/reachable.js';
import { openDatabase, openEngine } from '../stacks/stack.js';
import {
  type Article,
  ArticleSchema,
  converged,
  forgetQueue,
  newName,
  openQueue,
  type QueueAddress,
  SCHEMAS,
  scrypathOf,
} from './newsroom.js';
import type { ChildJob } from './worker-child.js';

const HOOK = join(__dirname, '../typescript.cjs');
const PROGRAM = join(__dirname, 'worker-child.ts');

function specification(engine: QueueAddress['engine']): void {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let address: QueueAddress;
  let queue: WorkQueue;
  let backend: Backend;
  let scrypath: Scrypath;
  const prefix = newName();
  const children: ChildConsumer[] = [];

  beforeEach(async () => {
    ({ dataSource, drop } = await openDatabase('postgres', SCHEMAS));
    const { redis } = reachable();
    const url = engine === 'pgboss' ? urlOf(dataSource) : redis.there ? redis.at.url : '';
    address = { engine, url, name: newName() };
    queue = openQueue(address);
    backend = openEngine('meilisearch');
    scrypath = scrypathOf(dataSource, backend, queue, { prefix });
    await scrypath.start();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.end('SIGKILL')));
    await backend.indexes.drop(scrypath.for(ArticleSchema).indexName);
    await scrypath.close();
    await forgetQueue(address);
    await drop();
  });

  const child = async (hangs: boolean, pollMs: number): Promise<ChildConsumer> => {
    const { meilisearch } = reachable().engines;
    if (!meilisearch.there || meilisearch.at === null) throw new Error('Meilisearch is not there.');
    const database = urlOf(dataSource);
    const job: ChildJob = { database, queue: address, engine: meilisearch.at, prefix, hangs, pollMs };
    const started = new ChildConsumer({ command: process.execPath, args: ['-r', HOOK, PROGRAM, JSON.stringify(job)] });
    children.push(started);
    await eventually('the child is ready', () => started.keys.includes('ready'));
    return started;
  };
  const repository = () => dataSource.getRepository(ArticleSchema);
  const settled = () => converged(scrypath, dataSource, backend);
  const sentBy = ({ keys }: ChildConsumer) => keys.filter((word) => word === 'sent').length;

  it('two worker processes share the jobs, and the index is what the tables say', async () => {
    const both = [await child(false, 600_000), await child(false, 600_000)];
    const saved: Article[] = [];
    await eventually('both have sent', async () => {
      const at = saved.length;
      saved.push(await repository().save({ title: `Kettle ${at}` }));
      if (at % 3 === 0) await repository().update(saved[at >> 1]!.id, { shelf: at });
      if (at % 7 === 6) await repository().delete(saved[at - 3]!.id);
      return at >= 40 && both.every((each) => sentBy(each) > 0);
    });
    await settled();
    await eventually('no job is left', () => isIdle(queue));
    expect(await queue.failed.count()).toBe(0);
    await Promise.all(both.map((each) => each.end('SIGTERM')));
  }, 60_000);

  it('the jobs of a worker that is killed while it sends are done by another', async () => {
    const doomed = await child(true, 600_000);
    await repository().save({ title: 'Kettle' });
    await eventually('it sends', () => sentBy(doomed) === 1);
    await doomed.end('SIGKILL');
    expect((await queue.stats()).active).toBe(1);
    // Its look at the start may find the row; the job is handed out again and ends in any case.
    const other = await child(false, 600_000);
    await repository().save({ title: 'Teapot' });
    await settled();
    await eventually('the job is gone', () => isIdle(queue));
    expect(sentBy(other)).toBeGreaterThan(0);
    expect(await queue.failed.count()).toBe(0);
  }, 90_000);
}

const urlOf = (dataSource: DataSource): string => (dataSource.options as unknown as { url: string }).url;

for (const engine of ['pgboss', 'bullmq'] as const) {
  const title = `workers over a queue in processes of their own [postgres · meilisearch · ${engine}]`;
  const { databases, engines, redis } = reachable();
  const needed = [databases.postgres, engines.meilisearch, ...(engine === 'bullmq' ? [redis] : [])];
  const missing = needed.flatMap((part) => (part.there ? [] : [part.reason]));
  if (missing.length === 0) describe(title, () => specification(engine));
  else describe(title, () => it.skip(`skipped: ${missing.join('; ')}`, () => undefined));
}
