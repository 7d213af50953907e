import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { meilisearch } from 'scrypath/meilisearch';
import type { DataSource, QueryRunner } from 'typeorm';
import { StoredFillLog } from '../../src/backfill/fill-log';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import { DATABASES, reachable } from '../stacks/reachable';
import { openDatabase } from '../stacks/stack';
import { ENTITIES, Item } from './entities';
import { fill, insertAll, items } from './filling';
import type { KilledJob } from './killed-child';

const ROWS = 25_000;
const { engines, databases } = reachable();
const engine = engines.meilisearch;
const there = DATABASES.filter((database) => database !== 'sqlite' && databases[database].there && engine.there);

/** Resolves with what the program said when it is gone. */
const dies = (job: KilledJob): Promise<{ readonly signal: NodeJS.Signals | null; readonly said: string }> =>
  new Promise((resolve) => {
    const loader = join(__dirname, '../typescript.cjs');
    const child = spawn(process.execPath, ['-r', loader, join(__dirname, 'killed-child.ts'), JSON.stringify(job)]);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('close', (_, signal) => resolve({ signal, said }));
  });

(there.length > 0 ? describe.each(there) : describe.skip.each(['no server database, or no Meilisearch']))(
  'a backfill that is killed [%s]',
  (name) => {
    const database = name as (typeof there)[number];
    let dataSource: DataSource;
    let drop: () => Promise<void>;
    let runner: QueryRunner;
    beforeAll(async () => {
      ({ dataSource, drop } = await openDatabase(database, ENTITIES));
      await attachOutbox(dataSource);
      await ensureOutbox(dataSource);
      runner = dataSource.createQueryRunner();
      await insertAll(dataSource, Item, items(ROWS));
    }, 60_000);
    afterAll(async () => {
      await runner.release();
      await drop();
    });

    it.each(['rows', 'read'] as const)(
      'at 60 %% of its %s goes on there: at most 45 %% are read, all are there',
      async (by) => {
        const { url, apiKey } = (engine as { at: { url: string; apiKey: string } }).at;
        const prefix = `t${randomBytes(5).toString('hex')}`;
        const backend = meilisearch({ host: url, apiKey });
        const metadata = new MetadataRegistry(dataSource, [], { prefix }).of(Item);
        const { url: address } = dataSource.options as unknown as { url: string };
        const { signal, said } = await dies({ database: address, engine: url, apiKey, prefix, at: 0.6, by });
        expect({ signal, said }).toMatchObject({ signal: 'SIGKILL' });
        const [row] = await dataSource.query(`SELECT * FROM scrypath_fill WHERE index_name LIKE '${prefix}%'`);
        expect(row.state).toBe('running');
        const fillOf = { entity: 'Item', index: metadata.indexName };
        const log = await StoredFillLog.resume(async () => runner, fillOf);
        const { error, seen, report } = await fill({ dataSource, backend }, metadata, { log: log! });
        expect(error).toBeNull();
        expect(seen.length).toBeLessThanOrEqual(ROWS * 0.45);
        expect(report).toMatchObject({ mode: 'resumed', documents: ROWS, lastKey: String(ROWS - 1) });
        // What it was sending when it died may arrive late.
        expect(report!.lateUntil).not.toBeNull();
        expect((await backend.indexes.stats(metadata.indexName)).documents).toBe(ROWS);
        await backend.outcomes([await backend.indexes.drop(metadata.indexName)], { waitMs: 10_000 });
        await backend.close();
      },
      60_000,
    );
  },
);
