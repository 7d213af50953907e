import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Scrypath, ScrypathError, type SearchService } from 'scrypath';
import { withFaults } from 'scrypath/testing';
import { Repository } from 'typeorm';
import { type Opened, openEngine, type Stack } from '../stacks/stack';
import { STEADY, until } from '../worker/senders';
import { aNote, CANARIES, CanaryNote, POISON } from './canary';

export const QUIET = { warn: () => undefined, error: () => undefined };
export const EVERYTHING_OPTIONS = {
  sync: { mode: 'queued', timeoutMs: 10_000 },
  capture: 'orm',
  outbox: { ...STEADY, maxAttempts: 2, backoff: { baseMs: 5, maxMs: 50 } },
  logger: QUIET,
} as const;

/** SQLite and the engine in the process; PostgreSQL and a server: between them there is nothing that telemetry sees. */
export const isMeasured = ({ database, engine }: Stack): boolean =>
  `${database} ${engine}` === 'sqlite embedded' || `${database} ${engine}` === 'postgres meilisearch';

const forbidden = () =>
  new ScrypathError({ code: 'BACKEND_FORBIDDEN', happened: 'The engine refused it, for a test.' });
const refuses = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });

/** Runs something while a channel runs `listener`. */
async function during<T>(channel: string, listener: () => void, run: () => Promise<T>): Promise<T> {
  subscribe(channel, listener);
  try {
    return await run();
  } finally {
    unsubscribe(channel, listener);
  }
}

/** Does each operation that publishes: with success, with nothing to do, with an error, past its time, aborted. */
export async function doEverything(stack: Stack, opened: Opened): Promise<void> {
  const faulty = withFaults(openEngine(stack.engine));
  const plain = new Scrypath({
    dataSource: opened.dataSource,
    backend: faulty.backend,
    prefix: `t${randomBytes(5).toString('hex')}`,
    sync: { mode: 'inline', timeoutMs: 10_000 },
    logger: QUIET,
  });
  await plain.start();
  try {
    await abortedWait(stack);
    await withoutOutbox(stack, opened, plain.for(CanaryNote), faulty.faults);
    await withOutbox(opened, opened.for(CanaryNote));
  } finally {
    await faulty.faults.clear();
    await faulty.backend.indexes.drop(plain.for(CanaryNote).indexName);
    await plain.close();
  }
}

const save = ({ dataSource }: Opened, title?: string) => dataSource.getRepository(CanaryNote).save(aNote(title));

async function abortedWait({ engine }: Stack): Promise<void> {
  const backend = openEngine(engine);
  const index = `t${randomBytes(5).toString('hex')}`;
  const task = await backend.indexes.create(index);
  const over = new AbortController();
  const wait = backend.outcomes([task], { waitMs: 10_000, signal: over.signal });
  over.abort();
  await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
  await backend.outcomes([await backend.indexes.drop(index)], { waitMs: 10_000 });
  await backend.close?.();
}

async function withoutOutbox(
  { engine }: Stack,
  opened: Opened,
  notes: SearchService<CanaryNote>,
  faults: Opened['faults'],
): Promise<void> {
  const { dataSource } = opened;
  const note = await save(opened);
  await notes.syncRecord(note);
  await notes.syncRecords([note], { mode: 'manual' });
  await notes.deleteRecords([]);
  const gone = await save(opened);
  await notes.syncRecord(gone);
  await dataSource.getRepository(CanaryNote).delete(gone.id);

  faults.fail('upsert');
  await refuses(notes.syncRecord(note), 'BACKEND_UNREACHABLE');
  faults.stall('upsert');
  await refuses(notes.syncRecord(note, { timeoutMs: 20 }), 'TASK_TIMEOUT');
  await faults.clear();
  const over = new AbortController();
  await during(
    `scrypath:${engine}:request:start`,
    () => over.abort(),
    () => expect(notes.syncRecord(note, { signal: over.signal })).rejects.toMatchObject({ name: 'AbortError' }),
  );

  const filter = { kind: CANARIES.filter };
  const { missingIds } = await notes.search(CANARIES.title, { filter, hydrate: true });
  expect(missingIds).toHaveLength(1);
  await notes.search(CANARIES.query);
  faults.fail('search');
  await refuses(notes.search(CANARIES.query), 'BACKEND_UNREACHABLE');
  faults.drop('search');
  await refuses(notes.search(CANARIES.query), 'BACKEND_TIMEOUT');
  const broken = new Repository(CanaryNote, dataSource.manager);
  broken.find = () => Promise.reject(new Error(`The table is gone: ${CANARIES.title}`));
  await expect(notes.search(CANARIES.title, { hydrate: { repository: broken } })).rejects.toThrow('The table');

  expect(await notes.verify()).toMatchObject({ clean: false });
  await expect(notes.verify({ signal: AbortSignal.abort() })).rejects.toThrow();
  expect(await notes.backfill()).toMatchObject({ batches: 1 });
  await notes.backfill({ where: { id: CANARIES.query } });
  const rebuild = await notes.reindex();
  await rebuild.rollback();
  await (await notes.reindex()).finish();
  faults.fail('create', { error: forbidden() });
  await refuses(notes.reindex(), 'BACKEND_FORBIDDEN');
  await (await notes.rebuild())!.abandon();
}

async function withOutbox(opened: Opened, notes: SearchService<CanaryNote>): Promise<void> {
  const { dataSource, scrypath, faults, backend } = opened;
  const rows = async (condition: string) =>
    Number((await dataSource.query(`SELECT COUNT(*) AS n FROM scrypath_outbox WHERE ${condition}`))[0].n);
  const drained = () => until(async () => (await rows("state <> 'discarded'")) === 0);

  const worker = scrypath.worker({ pollMs: 50 });
  await worker.start();
  await drained();
  faults.fail('upsert');
  await save(opened);
  await drained();
  faults.cancelTask('upsert');
  await save(opened);
  await drained();
  faults.fail('outcomes');
  await save(opened);
  await drained();
  // One that the application cannot project, and one that the engine refuses.
  await save(opened, POISON);
  await until(async () => (await rows("state = 'discarded'")) === 1);
  faults.failTask('upsert', {
    times: Number.POSITIVE_INFINITY,
    when: (documents) => documents.some(({ data }) => data?.title === `refused ${CANARIES.title}`),
  });
  await save(opened, `refused ${CANARIES.title}`);
  await until(async () => (await rows("state = 'discarded'")) === 2);
  await faults.clear();
  await dataSource.getRepository(CanaryNote).delete({ title: POISON });
  await drained();
  await dataSource.query('UPDATE canary_note SET title = title');

  await refuses(
    (async () => {
      faults.fail('upsert', { error: forbidden(), times: Number.POSITIVE_INFINITY });
      await notes.backfill();
    })(),
    'BACKEND_FORBIDDEN',
  );
  await faults.clear();
  await notes.backfill({ resume: true });
  const rebuild = await notes.reindex({ cutover: false });
  await rebuild.cutover();
  await rebuild.rollback();
  await (await notes.reindex()).finish();
  faults.fail('apply', { error: forbidden() });
  await refuses(notes.reindex(), 'BACKEND_FORBIDDEN');
  await (await notes.rebuild())!.resume();
  await (await notes.rebuild())!.finish();
  await (await notes.reindex({ cutover: false })).abandon();
  await worker.stop();

  // Told from the first by a clock that may count seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const ended = async (task: { readonly id: number; readonly index: string }) =>
    expect(await backend.outcomes([task], { waitMs: 10_000 })).toMatchObject([{ status: 'succeeded' }]);
  await ended(await backend.indexes.drop(notes.indexName));
  await ended(await backend.indexes.create(notes.indexName));
  await refuses(notes.syncKeys([`${CANARIES.key}-1`], { mode: 'inline' }), 'INDEX_REPLACED');
  await notes.adoptIndex();

  // Behind all else: what a sender that died may have sent is waited for.
  const note = await save(opened);
  faults.crash('upsert', 'before');
  await expect(notes.syncRecord(note, { mode: 'inline' })).rejects.toThrow();
  await faults.clear();
}
