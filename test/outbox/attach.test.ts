import { DataSource, type DataSourceOptions } from 'typeorm';
import { attachOutbox, tablesOf } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import { readShardCount } from '../../src/outbox/shard-count';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Note } from './entities';

const namesOf = ({ entityMetadatas }: DataSource) => entityMetadatas.map(({ name }) => name).sort();
const ALL = [
  'Note',
  'ScrypathContract',
  'ScrypathFence',
  'ScrypathFill',
  'ScrypathIndex',
  'ScrypathOutbox',
  'ScrypathProjection',
  'ScrypathRebuild',
  'ScrypathRegistration',
  'ScrypathSending',
  'ScrypathShard',
  'ScrypathTouched',
  'ScrypathWorker',
];

onEveryDatabase('attaching the outbox', ({ database }) => {
  let opened: DataSource;
  let drop: () => Promise<void>;
  const mine: DataSource[] = [];
  beforeEach(async () => {
    ({ dataSource: opened, drop } = await openDatabase(database, [Note]));
  });
  afterEach(async () => {
    for (const dataSource of mine.splice(0)) if (dataSource.isInitialized) await dataSource.destroy();
    await drop();
  });
  const another = (options: Partial<DataSourceOptions> = {}) => {
    const dataSource = new DataSource({ ...opened.options, ...options } as DataSourceOptions);
    mine.push(dataSource);
    return dataSource;
  };

  it.each([
    ['an array', [Note]],
    ['an object', { Note }],
    ['nothing', undefined],
  ])('before initialize, entities given as %s: synchronize makes the tables', async (_, entities) => {
    const dataSource = another({ entities } as Partial<DataSourceOptions>);
    void attachOutbox(dataSource);
    await dataSource.initialize();
    expect(namesOf(dataSource)).toEqual(entities ? ALL : ALL.slice(1));
    await ensureOutbox(dataSource);
    expect(await readShardCount(dataSource.manager)).toBe(16);
    await dataSource.getRepository('ScrypathSending').update({ shard: 3 }, { unknownUntil: 9 });
    const sending = await dataSource.getRepository('ScrypathSending').findOneByOrFail({ shard: 3 });
    expect(Number(sending.unknownUntil)).toBe(9);
  });

  it('after initialize, and twice: the tables are known once', async () => {
    await Promise.all([attachOutbox(opened), attachOutbox(opened)]);
    await attachOutbox(opened);
    expect(namesOf(opened)).toEqual(ALL);
    await opened.synchronize();
    await ensureOutbox(opened);
    expect(await opened.getRepository('ScrypathShard').count()).toBe(16);
  });

  it('stays through destroy() and initialize(), however it was attached', async () => {
    const before = another();
    await attachOutbox(before);
    await before.initialize();
    const after = await another().initialize();
    await attachOutbox(after);
    for (const dataSource of [before, after]) {
      await dataSource.destroy();
      await dataSource.initialize();
      expect(namesOf(dataSource)).toEqual(ALL);
      expect(tablesOf(dataSource).outbox).toContain('scrypath_outbox');
    }
  });

  it('touches no other DataSource, though they share one options object', async () => {
    const options = { ...opened.options };
    const first = new DataSource(options);
    const second = new DataSource(options);
    mine.push(first, second);
    await attachOutbox(first);
    await first.initialize();
    await second.initialize();
    expect(namesOf(first)).toEqual(ALL);
    expect(namesOf(second)).toEqual(['Note']);
    expect(options).toEqual(opened.options);
    expect(() => tablesOf(second)).toThrow(expect.objectContaining({ code: 'OUTBOX_MISSING' }));
  });

  it('refuses a second number of shards', async () => {
    await attachOutbox(opened, { shards: 4 });
    await expect(attachOutbox(opened, { shards: 8 })).rejects.toMatchObject({ code: 'OUTBOX_MISMATCH' });
  });

  if (database === 'mariadb')
    it('refuses a MariaDB that is called MySQL', async () => {
      const dataSource = another({ type: 'mysql' } as Partial<DataSourceOptions>);
      await attachOutbox(dataSource);
      await expect(dataSource.initialize()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    });

  if (database !== 'sqlite')
    it('two processes may make the tables at the same time', async () => {
      const racers = [await another().initialize(), await another().initialize(), opened];
      await Promise.all(racers.map((dataSource) => attachOutbox(dataSource)));
      await Promise.all(racers.map((dataSource) => ensureOutbox(dataSource)));
      for (const dataSource of racers) expect(await readShardCount(dataSource.manager)).toBe(16);
      expect((await opened.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
    });
});
