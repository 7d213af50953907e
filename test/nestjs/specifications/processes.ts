import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../ormconfig';
import { onEveryDatabase, openDatabase } from '../../stacks/stack';
import { ApplicationProcess } from '../processes/application-process';
import { Book } from '../processes/book';
import type { Job } from '../processes/program';

const BATCH = 20;
const titles = Array.from({ length: 3 * BATCH }, (_, at) => `Book ${at}`);
const JOB = { batchSize: BATCH, shutdownTimeoutMs: 20_000, hangs: false, closes: false };

export function specifyProcesses(version: 11 | 12): void {
  onEveryDatabase('an application that is told to end', (stack) => {
    let folder: string;
    let place: Pick<Job, 'database' | 'engine'>;
    let drop = async (): Promise<void> => undefined;
    let app: ApplicationProcess;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'scrypath-nestjs-'));
      const engine = join(folder, 'engine.db');
      if (stack.database === 'sqlite') place = { database: join(folder, 'application.db'), engine };
      else {
        const database = await openDatabase(stack.database, [Book]);
        drop = database.drop;
        place = { database: (database.dataSource.options as { url: string }).url, engine };
      }
    });
    afterEach(async () => {
      await app?.kill();
      await drop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** What it has left behind, to an instance without a worker. */
    async function afterwards(look: (scrypath: Scrypath) => Promise<void>): Promise<void> {
      const dataSource = new DataSource(dataSourceOptions(place.database, { entities: [Book], synchronize: true }));
      await dataSource.initialize();
      const backend = embedded({ file: place.engine! });
      const scrypath = new Scrypath({ dataSource, backend, sync: { mode: 'queued' } });
      try {
        await scrypath.start();
        await look(scrypath);
      } finally {
        await scrypath.close();
        await dataSource.destroy();
      }
    }

    it('SIGTERM in the middle of a batch: the batch is finished, the rest is kept, and it exits 0', async () => {
      app = new ApplicationProcess(version, { ...place, ...JOB });
      await app.post(titles);
      const { documents } = await app.says('sending');
      await app.terminate();
      // A request that is served until the last moment is captured too.
      expect(await app.post(['The last book'])).toEqual({ saved: 1 });
      app.goOn();
      expect([await app.ended(), app.said]).toEqual([[0, null], '']);
      await afterwards(async (scrypath) => {
        const books = scrypath.for(Book);
        const { documents: found, backlog } = await books.status();
        expect(found).toEqual({ observed: true, value: documents });
        const left = titles.length + 1 - documents;
        expect(backlog).toEqual({
          observed: true,
          value: { enqueued: left, backend_accepted: 0, retrying: 0, discarded: 0 },
        });
        expect(left).toBeGreaterThan(0);
        const worker = scrypath.worker();
        await worker.start();
        const waiting = async () => (await books.status()).oldestWaitingMs as { readonly value: number | null };
        while ((await waiting()).value !== null) await new Promise(setImmediate);
        expect(await books.verify()).toMatchObject({ clean: true, counts: expect.anything() });
        expect((await books.search('"last book"')).hits).toHaveLength(1);
      });
    }, 90_000);

    it('an engine that hangs: it exits 0 when its time is over, says so, and nothing is lost', async () => {
      app = new ApplicationProcess(version, { ...place, ...JOB, hangs: true, shutdownTimeoutMs: 500 });
      await app.post(titles);
      await app.says('sending');
      await app.terminate();
      expect(await app.ended()).toEqual([0, null]);
      expect(app.said).toContain('was not drained after 500 ms');
      await afterwards(async (scrypath) => {
        const { backlog } = await scrypath.for(Book).status();
        const value = expect.objectContaining({ enqueued: titles.length, discarded: 0 });
        expect(backlog).toEqual({ observed: true, value });
      });
    }, 90_000);

    it('leaves nothing open: its process ends by itself after close()', async () => {
      app = new ApplicationProcess(version, { ...place, ...JOB, closes: true });
      expect([await app.ended(), app.said]).toEqual([[0, null], '']);
    }, 90_000);
  });
}
