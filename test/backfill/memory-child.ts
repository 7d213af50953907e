import { DataSource } from 'typeorm';
import { NullBackend } from '../../bench/null-backend';
import { dataSourceOptions } from '../../ormconfig';
import { runBackfill } from '../../src/backfill/backfill';
import { MemoryFillLog } from '../../src/backfill/fill-state';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { projectionOf } from '../../src/projection/projection';
import { ENTITIES, Item } from './entities';

// A program of its own: fills into nothing, and tells how much is on the heap on the way, behind a full collection.

async function main(url: string): Promise<void> {
  const dataSource = await new DataSource(dataSourceOptions(url, { entities: ENTITIES })).initialize();
  const metadata = new MetadataRegistry(dataSource, [], { prefix: 'memory' }).of(Item);
  let pages = 0;
  let most = 0;
  const report = await runBackfill(
    {
      ...{ backend: new NullBackend(), metadata, manager: dataSource.manager },
      ...{ projection: projectionOf(metadata), log: new MemoryFillLog() },
    },
    {
      index: metadata.indexName,
      onPage: () => {
        pages += 1;
        if (pages % 5 !== 0) return;
        globalThis.gc!();
        most = Math.max(most, process.memoryUsage().heapUsed);
      },
    },
  );
  await dataSource.destroy();
  console.log(JSON.stringify({ documents: report.documents, most }));
}

void main(process.argv[2]!);
