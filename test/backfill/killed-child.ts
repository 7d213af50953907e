import { meilisearch } from 'scrypath/meilisearch';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { StoredFillLog } from '../../src/backfill/fill-log';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { attachOutbox } from '../../src/outbox/attach';
import { ENTITIES, Item } from './entities';
import { fill } from './filling';

/** What the program is started with. */
export interface KilledJob {
  readonly database: string;
  readonly engine: string;
  readonly apiKey: string;
  readonly prefix: string;
  /** It is killed when this part of the rows is done, or read. */
  readonly at: number;
  readonly by: 'rows' | 'read';
}

// A program of its own: fills, and is killed on the way.

async function main({ database, engine, apiKey, prefix, at, by }: KilledJob): Promise<void> {
  const dataSource = new DataSource(dataSourceOptions(database, { entities: ENTITIES }));
  await attachOutbox(dataSource);
  await dataSource.initialize();
  const backend = meilisearch({ host: engine, apiKey });
  const metadata = new MetadataRegistry(dataSource, [], { prefix }).of(Item);
  const runner = dataSource.createQueryRunner();
  const log = await StoredFillLog.begin(async () => runner, { entity: 'Item', index: metadata.indexName });
  await fill({ dataSource, backend }, metadata, {
    log,
    onProgress: (progress) => {
      if (progress[by] >= progress.total * at) process.kill(process.pid, 'SIGKILL');
    },
  });
}

void main(JSON.parse(process.argv[2]!) as KilledJob);
