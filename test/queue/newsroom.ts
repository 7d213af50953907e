import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { type DataSource, EntitySchema } from 'typeorm';
import { bullmq } from '../../src/bullmq/index.js';
import { type Backend, describe, Scrypath, type ScrypathOptions, type WorkQueue } from '../../src/index.js';
import { pgBoss } from '../../src/pg-boss/index.js';
import { eventually } from '../../src/testing/queue-conformance/queue-bench.js';

export interface Author {
  id: number;
  name: string;
}

export interface Article {
  id: number;
  title: string;
  shelf: number;
  author: Author | null;
}

export const AuthorSchema = new EntitySchema<Author>({
  name: 'Author',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
});
export const ArticleSchema = new EntitySchema<Article>({
  name: 'Article',
  columns: {
    id: { type: Number, primary: true, generated: true },
    title: { type: String },
    shelf: { type: Number, default: 0 },
  },
  relations: { author: { type: 'many-to-one', target: 'Author', nullable: true } },
});
export const SCHEMAS = [ArticleSchema, AuthorSchema];

export const articles = describe(ArticleSchema, {
  index: 'articles',
  fields: { title: { searchable: true }, 'author.name': { searchable: true }, shelf: { filterable: true } },
});

/** How a program finds its queue. */
export interface QueueAddress {
  readonly engine: 'pgboss' | 'bullmq';
  readonly url: string;
  readonly name: string;
}

const RETRY = { limit: 20, delaySeconds: 1, maxDelaySeconds: 1 };
const silent = { warn: () => undefined, error: () => undefined };

export function openQueue({ engine, url, name }: QueueAddress, retry: Partial<typeof RETRY> = {}): WorkQueue {
  const common = { queue: name, retry: { ...RETRY, ...retry }, logger: silent };
  return engine === 'pgboss'
    ? pgBoss({ connectionString: url, heartbeatSeconds: 10, ...common })
    : bullmq({ connection: { url }, lockSeconds: 2, ...common });
}

export async function forgetQueue({ engine, url, name }: QueueAddress): Promise<void> {
  if (engine === 'pgboss') return;
  const redis = new Redis(url);
  const keys = await redis.keys(`bull:${name}:*`);
  if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
}

export const newName = (): string => `t${randomBytes(5).toString('hex')}`;

export const OUTBOX = { lockMs: 2_000, requestMs: 1_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };

export const scrypathOf = (
  dataSource: DataSource,
  backend: Backend,
  queue: WorkQueue,
  options: Partial<ScrypathOptions> = {},
): Scrypath =>
  new Scrypath({
    dataSource,
    backend,
    queue,
    entities: [articles],
    sync: { mode: 'queued' },
    capture: 'orm',
    outbox: OUTBOX,
    logger: silent,
    ...options,
  });

/** Documents of the index as lines, in the order of their keys. */
async function indexed(scrypath: Scrypath, backend: Backend): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of backend.documents.scan(scrypath.for(ArticleSchema).indexName))
    for (const { data } of page) lines.push(lineOf(data as unknown as Article));
  return lines.sort();
}

const lineOf = ({ title, shelf, author }: Pick<Article, 'title' | 'shelf' | 'author'>): string =>
  JSON.stringify([title, shelf, author?.name ?? null]);

/** Waits until nothing is dirty and the index is what the tables say. */
export async function converged(scrypath: Scrypath, dataSource: DataSource, backend: Backend): Promise<void> {
  await eventually('nothing is dirty', async () => (await rows(dataSource)).length === 0);
  const records = await dataSource.getRepository(ArticleSchema).find({ relations: { author: true } });
  expect(await indexed(scrypath, backend)).toEqual(records.map(lineOf).sort());
}

export const rows = (dataSource: DataSource): Promise<{ id: string; state: string }[]> =>
  dataSource.query('SELECT id, state FROM scrypath_outbox ORDER BY id');
