import { type DoctorReport, Scrypath, Searchable } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { examineAll } from '../../src/operator/doctor';
import { readStatus } from '../../src/operator/status';
import { Item } from '../backfill/entities';
import { aPrefix, placesOn, QUIET } from '../reindex/place';
import { reachable } from '../stacks/reachable';
import { onEveryDatabase, onEveryEngine, openDatabase } from '../stacks/stack';

const wrong = ({ findings }: DoctorReport) =>
  findings.filter(({ state }) => state === 'problem' || state === 'warning').map(({ check, state }) => [check, state]);
const about = ({ findings }: DoctorReport, check: string) => findings.filter((one) => one.check === check);

onEveryDatabase('doctor', (stack) => {
  const open = placesOn(stack);

  it('finds nothing wrong where nothing is', async () => {
    const place = await open({ rows: 0 });
    const report = await place.scrypath.doctor();
    expect(wrong(report)).toEqual([]);
    expect(report.healthy).toBe(true);
    expect(about(report, 'tables')).toMatchObject([{ state: 'ok' }]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('tells of work that nobody does, and of a worker that died', async () => {
    const place = await open({ rows: 3 });
    await place.items.markDirty({ id: 1 });
    const idle = await place.scrypath.doctor();
    expect(idle.healthy).toBe(false);
    expect(about(idle, 'workers')).toMatchObject([{ state: 'problem', remedy: expect.stringContaining('worker()') }]);
    const worker = place.scrypath.worker();
    await worker.start();
    await place.settled();
    expect((await place.scrypath.doctor()).healthy).toBe(true);
    await place.dataSource.query('UPDATE scrypath_worker SET seen_at = seen_at - 60000');
    expect(about(await place.scrypath.doctor(), 'workers')).toMatchObject([{ state: 'ok' }, { state: 'warning' }]);
    await worker.stop();
  });

  it('tells of tables that are missing or of an older version', async () => {
    const place = await open({ rows: 3 });
    const { query } = { query: (sql: string) => place.dataSource.query(sql) };
    await query('ALTER TABLE scrypath_index RENAME COLUMN succeeded_at TO hidden');
    await query('ALTER TABLE scrypath_worker RENAME TO scrypath_away');
    const report = await place.scrypath.doctor();
    expect(about(report, 'tables')).toMatchObject([
      {
        state: 'problem',
        about: expect.stringContaining('scrypath_index'),
        happened: expect.stringContaining('succeeded_at'),
      },
      {
        state: 'problem',
        about: expect.stringContaining('scrypath_worker'),
        remedy: expect.stringContaining('ensureOutbox'),
      },
    ]);
    await query('ALTER TABLE scrypath_away RENAME TO scrypath_worker');
    await query('ALTER TABLE scrypath_index RENAME COLUMN hidden TO succeeded_at');
    expect((await place.scrypath.doctor()).healthy).toBe(true);
  });

  it('tells of rows that cannot be read, and of a database that is away', async () => {
    const place = await open({ rows: 3 });
    expect(about(await place.scrypath.doctor(), 'records')).toMatchObject([{ state: 'ok' }]);
    await place.dataSource.query('ALTER TABLE item RENAME COLUMN name TO hidden');
    const migrated = await place.scrypath.doctor();
    expect(migrated.healthy).toBe(false);
    expect(about(migrated, 'records')).toMatchObject([
      { state: 'problem', about: 'Item', remedy: expect.stringContaining('migrations') },
    ]);
    expect(about(migrated, 'tables')).toMatchObject([{ state: 'ok' }]);
    const drift = await place.items.drift();
    expect(drift.content).toEqual({ observed: false, why: expect.stringMatching(/database refused .*doctor\(\)/) });
    await place.dataSource.query('ALTER TABLE item RENAME COLUMN hidden TO name');

    const lost = Object.assign(new Error('connect of user admin with password Confidential'), { code: 'ECONNREFUSED' });
    const { metadata } = place.items;
    const site = { backend: place.backend, queue: null, hasOutbox: true, connect: () => Promise.reject(lost) };
    const away = await examineAll({
      ...{ ...site, dataSource: place.dataSource, metadatas: () => [metadata] },
      ...{ shards: 16, triggers: null, unresolvedWrites: 0 },
    });
    expect(about(away, 'database')).toMatchObject([
      { state: 'problem', happened: expect.stringContaining('ECONNREFUSED'), remedy: expect.any(String) },
    ]);
    expect(about(away, 'engine')).toMatchObject([{ state: 'ok' }]);
    const { entities, workers } = await readStatus(site, [metadata]);
    const { documents, ...figures } = entities[0]!;
    expect(documents.observed).toBe(true);
    for (const figure of [workers, figures.rows, figures.backlog, figures.oldestWaitingMs, figures.rebuild])
      expect(figure).toEqual({ observed: false, why: 'The database could not be reached (Error ECONNREFUSED).' });
    expect(JSON.stringify([away, workers, figures])).not.toContain('Confidential');
  });

  it('tells of a newer program, of a replaced index, and of triggers that are gone', async () => {
    const place = await open({ rows: 3, options: { capture: 'triggers' } });
    expect(about(await place.scrypath.doctor(), 'triggers')).toMatchObject([{ state: 'ok' }]);
    await place.dataSource.query('UPDATE scrypath_projection SET version = 9');
    await place.dataSource.query(`UPDATE scrypath_index SET created_at = '2020-01-01T00:00:00Z'`);
    const [trigger] = await place.dataSource.query(
      stack.database === 'sqlite'
        ? `SELECT name, tbl_name AS "table" FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'scrypath%'`
        : stack.database === 'postgres'
          ? `SELECT trigger_name AS name, event_object_table AS "table" FROM information_schema.triggers`
          : `SELECT trigger_name AS name, event_object_table AS \`table\` FROM information_schema.triggers WHERE trigger_schema = database()`,
    );
    const on = stack.database === 'postgres' ? ` ON ${trigger.table}` : '';
    await place.dataSource.query(`DROP TRIGGER ${trigger.name}${on}`);
    const report = await place.scrypath.doctor();
    expect(wrong(report)).toEqual(
      expect.arrayContaining([
        ['projection', 'warning'],
        ['index', 'problem'],
        ['triggers', 'problem'],
      ]),
    );
    expect(report.findings.filter(({ state }) => state === 'problem').every(({ remedy }) => remedy !== null)).toBe(
      true,
    );
  });

  it('tells every mistake of the declarations, and looks at the rest all the same', async () => {
    @Entity()
    @Searchable({ index: 'bad' })
    class Bad {
      @PrimaryColumn() id!: number;
      @Searchable('nowhere') @Column() name!: string;
    }
    const { dataSource, drop } = await openDatabase(stack.database, [Bad]);
    const { embedded } = await import('scrypath/embedded');
    const scrypath = new Scrypath({ dataSource, backend: embedded(), prefix: aPrefix(), logger: QUIET });
    const report = await scrypath.doctor();
    expect(about(report, 'declarations')).toMatchObject([
      { state: 'problem', happened: expect.stringContaining('Bad') },
    ]);
    expect(about(report, 'database')).toMatchObject([{ state: 'ok' }]);
    await scrypath.close();
    await drop();
  });
});

onEveryEngine('doctor, of the engine', (stack) => {
  const open = placesOn(stack);

  it('changes nothing by what it asks', async () => {
    const place = await open({ rows: 3 });
    const before = await place.backend.indexes.settings(place.items.indexName);
    const report = await place.scrypath.doctor();
    expect(about(report, 'engine')).toMatchObject([{ state: 'ok' }]);
    expect(about(report, 'permission').every(({ state }) => state === 'ok')).toBe(true);
    expect(await place.backend.indexes.settings(place.items.indexName)).toEqual(before);
    expect(await place.documents()).toEqual(await place.rows());
  });

  if (stack.engine === 'meilisearch')
    it('names each action that a key lacks, and says of an engine that is away that it is', async () => {
      const part = reachable().engines.meilisearch;
      if (!part.there || part.at === null) throw new Error('Meilisearch is not there.');
      const { url: host, apiKey } = part.at;
      const place = await open({ rows: 3 });
      const { client } = meilisearch({ host, apiKey });
      const actions = ['search', 'documents.get', 'indexes.get', 'settings.get', 'tasks.get', 'stats.get'];
      const { key } = await client.createKey({ actions, indexes: [place.items.indexName], expiresAt: null } as never);
      const at = async (given: Parameters<typeof meilisearch>[0]) => {
        const scrypath = new Scrypath({
          ...{ dataSource: place.dataSource, prefix: place.prefix, logger: QUIET, outbox: true },
          backend: meilisearch(given),
        });
        const report = await scrypath.doctor();
        await scrypath.close();
        return report;
      };
      const index = place.items.indexName;
      const poor = await at({ host, apiKey: key });
      const lacking = about(poor, 'permission').filter(({ state }) => state !== 'ok');
      expect(lacking.map((one) => [one.about, one.state]).sort()).toEqual([
        [`documents.add on ${index}`, 'problem'],
        [`documents.delete on ${index}`, 'problem'],
        ['indexes.create', 'warning'],
        ['indexes.swap', 'warning'],
        [`settings.update on ${index}`, 'warning'],
      ]);
      expect(about(poor, 'engine_version')).toMatchObject([{ state: 'unknown' }]);
      expect(JSON.stringify(poor)).not.toContain(key);
      const rich = await at({ host, apiKey });
      expect(about(rich, 'engine_version')).toMatchObject([{ state: 'ok' }]);
      const { tasks } = client;
      // Others use the engine too.
      const tasksOfIndex = async () => (await tasks.getTasks({ limit: 1, indexUids: [index] })).total;
      const before = await tasksOfIndex();
      await at({ host, apiKey });
      expect(await tasksOfIndex()).toBe(before);
      const away = await at({ host: 'http://127.0.0.1:9', apiKey });
      const [unreachable] = about(away, 'engine');
      expect(unreachable).toMatchObject({ state: 'problem', remedy: expect.stringContaining('runs') });
      // What to do is said once.
      expect(unreachable!.happened).not.toContain(unreachable!.remedy);
      expect(about(away, 'index')).toMatchObject([{ state: 'unknown', remedy: unreachable!.remedy }]);
      const stranger = await at({ host, apiKey: 'no-such-key-anywhere' });
      expect(about(stranger, 'permission')).toMatchObject([
        { state: 'problem', about: 'meilisearch', remedy: expect.stringContaining('expiry') },
      ]);
      expect(JSON.stringify(stranger)).not.toContain('no-such-key-anywhere');
      expect(Item.name).toBe('Item');
      await client.deleteKey(key);
    });
});
