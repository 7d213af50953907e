import { Scrypath, type ScrypathOptions } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { onEveryDatabase } from '../stacks/stack';
import { type OwnDatabase, ownDatabase } from './database';
import { describeProcesses } from './describe-load';
import { EngineLink } from './engine-link';
import type { EngineProcess } from './engine-process';
import { storedDocuments } from './oracle';
import { allPlaces, PLACES, Place, POISON } from './places';

const OUTBOX = { lockMs: 5_000, requestMs: 3_000, marginMs: 500, backoff: { baseMs: 5, maxMs: 50 } };
const OPTIONS = { sync: { mode: 'queued' }, outbox: OUTBOX } satisfies Partial<ScrypathOptions>;
const BATCH = 250;

/** Rejects nothing: it says for which keys an attempt was ever counted, whatever became of the rows since. */
const WATCH_ATTEMPTS = [
  'CREATE TABLE charged (record_key varchar(40))',
  `CREATE FUNCTION charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF NEW.attempts > OLD.attempts THEN INSERT INTO charged VALUES (NEW.record_key); END IF; RETURN NULL; END $$`,
  'CREATE TRIGGER charge AFTER UPDATE ON scrypath_outbox FOR EACH ROW EXECUTE FUNCTION charge()',
];

/** While the engine works at something else, tasks gather, and it runs them together. */
async function keepBusy(engine: EngineProcess): Promise<void> {
  const documents = Array.from({ length: 40_000 }, (_, id) => ({ id, text: `Something else ${id} ${id * 7}` }));
  await engine.ask('POST', '/indexes/something_else/documents', documents);
}

async function untilOnlyDiscardedAreLeft(query: (sql: string) => Promise<readonly unknown[]>): Promise<void> {
  const deadline = Date.now() + 100_000;
  for (;;) {
    const left = await query(`SELECT id FROM scrypath_outbox WHERE state <> 'discarded'`);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`${left.length} rows were still waiting.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const poisonOf = async (scrypath: Scrypath): Promise<unknown[]> => {
  const { items } = await scrypath.failedWork();
  return items.map(({ entity, key, state, reason, attempts }) => ({ entity, key, state, reason, attempts }));
};

const discarded = (ids: readonly number[], attempts: number) =>
  ids.map((id) => ({ entity: 'Place', key: String(id), state: 'discarded', reason: 'backend_rejected', attempts }));

const byKey = (left: unknown, right: unknown) =>
  Number((left as { key: string }).key) - Number((right as { key: string }).key);

describeProcesses(`${POISON.length} poison documents in ${PLACES}`, 'postgres', (engine) => {
  let database: OwnDatabase;
  let dataSource: DataSource;
  let link: EngineLink;
  let scrypath: Scrypath;

  beforeAll(async () => {
    database = await ownDatabase('postgres', [Place]);
    dataSource = new DataSource(dataSourceOptions(database.url, { entities: [Place], synchronize: true }));
    await dataSource.initialize();
    link = await EngineLink.to(engine().url);
    const backend = meilisearch({ host: link.url, apiKey: engine().apiKey });
    scrypath = new Scrypath({ ...OPTIONS, dataSource, backend, prefix: 'poison', capture: 'orm' });
    await scrypath.start();
    for (const statement of WATCH_ATTEMPTS) await database.query(statement);
  });
  afterAll(async () => {
    await scrypath?.close();
    await link?.close();
    await dataSource?.destroy();
    await database?.drop();
  });

  it('exactly those are discarded, the others are found, and no other is charged an attempt', async () => {
    await dataSource.getRepository(Place).save(allPlaces());
    link.requests.length = 0;
    await keepBusy(engine());
    const workers = [scrypath.worker({ batchSize: BATCH }), scrypath.worker({ batchSize: BATCH })];
    for (const worker of workers) await worker.start();
    await untilOnlyDiscardedAreLeft((sql) => database.query(sql));
    for (const worker of workers) await worker.stop();

    expect((await poisonOf(scrypath)).sort(byKey)).toEqual(discarded(POISON, 1));
    const stored = await storedDocuments<{ _key: string }>(engine(), 'poison_places');
    const innocents = allPlaces()
      .map(({ id }) => id)
      .filter((id) => !POISON.includes(id));
    expect(stored.map(({ _key }) => Number(_key)).sort((a, b) => a - b)).toEqual(innocents);
    const charged = await database.query<{ record_key: string }>('SELECT record_key FROM charged');
    expect(charged.map(({ record_key }) => Number(record_key)).sort((a, b) => a - b)).toEqual(POISON);

    const { total: failed } = await engine().ask<{ total: number }>('GET', '/tasks?statuses=failed&limit=1');
    console.info(
      `${POISON.length} poison documents in ${PLACES}, batches of ${BATCH}: ${link.requests.length} requests, ` +
        `${link.writes} of them writes, ${failed} tasks failed`,
    );
    // Two for each: together with others, and alone. More: the engine did join batches.
    expect(failed).toBeGreaterThan(2 * POISON.length);
    // To post them one by one would take a thousand.
    expect(link.writes).toBeLessThan(PLACES / 10);
  }, 120_000);

  it('is found once its record is corrected', async () => {
    const places = dataSource.getRepository(Place);
    const { token } = await scrypath.track(() => places.update(POISON[0]!, { latitude: '46.5' }));
    await scrypath.waitForCompletion(token!, { timeoutMs: 20_000 });
    const document = await engine().ask<object>('GET', `/indexes/poison_places/documents/${POISON[0]}`);
    expect(document).toMatchObject({ _key: String(POISON[0]) });
    expect(await poisonOf(scrypath)).toHaveLength(POISON.length - 1);
  });
});

onEveryDatabase('a poison document among tasks that the engine runs together', ({ use }) => {
  const stack = use([Place], OPTIONS);
  const isPoison = ({ key }: { readonly key: string }) => POISON.includes(Number(key));

  // An engine that names the document, and one that says no more than that something is wrong: there it fails alone twice.
  it.each([true, false])(
    'exactly those are discarded, the others are found [named: %s]',
    async (named) => {
      const places = stack.dataSource.getRepository(Place);
      await places.save(allPlaces().slice(0, 600), { chunk: 300 });
      const poison = POISON.filter((id) => id <= 600);
      for (const id of poison) {
        const document = named ? String(id) : undefined;
        stack.faults.failTask('upsert', {
          together: true,
          times: Number.POSITIVE_INFINITY,
          when: (documents) => documents.some(({ key }) => key === String(id)),
          ...(document === undefined ? { code: 'invalid_document_fields' } : { document }),
        });
      }
      await stack.for(Place).syncRecords(await places.find());
      const worker = stack.scrypath.worker({ batchSize: BATCH, pollMs: 10 });
      await worker.start();
      await untilOnlyDiscardedAreLeft((sql) => stack.dataSource.query(sql));
      await worker.stop();

      expect((await poisonOf(stack.scrypath)).sort(byKey)).toEqual(discarded(poison, named ? 1 : 2));
      const keys = (await places.find()).map((place) => stack.for(Place).keyOf(place));
      const { index } = (await stack.scrypath.prepare()).indexes[0]!;
      const stored = await stack.backend.documents.fetch(index, keys);
      expect(stored.map(({ key }) => key).filter((key) => isPoison({ key }))).toEqual([]);
      expect(stored).toHaveLength(600 - poison.length);
      await stack.faults.clear();
      await stack.dataSource.query('DELETE FROM scrypath_outbox');
    },
    60_000,
  );
});
