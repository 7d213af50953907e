import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { DataSource } from 'typeorm';
import { append } from '../../src/outbox/append';
import { newToken } from '../../src/outbox/mark-id';
import { reachable } from '../stacks/reachable';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Article, CitextArticle, NocaseArticle, Note, Pair } from './entities';
import { aPrefix, rowsOf, STEADY, until } from './senders';

onEveryDatabase('keys that the database spells otherwise', ({ use, database }) => {
  const entity = { sqlite: NocaseArticle, postgres: CitextArticle, mariadb: Article }[database];
  const stack = use(database === 'postgres' ? [Note, Pair] : [entity, Note, Pair], {
    sync: { mode: 'queued' },
    outbox: STEADY,
    prefix: aPrefix(),
  });

  afterEach(() => stack.dataSource.query('DELETE FROM scrypath_outbox'));

  const inCase = database === 'postgres' ? it.skip : it;
  const title = 'a case that the collation ignores: the alias is removed, the true key is dirtied and written';
  inCase(database === 'postgres' ? `${title} (not for this database: citext, below)` : title, async () => {
    const articles = stack.for<Article>(entity as never);
    await stack.dataSource.getRepository<Article>(entity).save({ code: 'ABC', text: 'Copper kettle' });
    // A document under the alias, as a sync before this rule would have left it.
    const index = (await stack.scrypath.prepare()).indexes.find(({ entity: name }) => name === entity.name)!.index;
    const [task] = await stack.backend.upsert(index, [
      { key: 'abc', data: { text: 'Copper kettle' }, source: 'fields' },
    ]);
    await stack.backend.outcomes([task!], { waitMs: 5_000 });
    const { token } = await articles.syncKeys(['abc']);
    await stack.scrypath.waitForCompletion(token!);
    expect(await rowsOf(stack.dataSource)).toEqual([]);
    expect((await articles.search('kettle')).hits.map(({ _key }) => _key)).toEqual(['ABC']);
  });

  it('blanks and zeros in front of a number: the alias is removed, the true key is written', async () => {
    const note = await stack.dataSource.getRepository(Note).save({ text: 'Numbered kettle' });
    const token = newToken();
    const keys = [`00${note.id}`, `${note.id}`.padStart(6, '0')].map((recordKey) => ({ entity: 'Note', recordKey }));
    await append(stack.dataSource.manager, keys, 'verb', token);
    await stack.scrypath.waitForCompletion(token);
    expect(await rowsOf(stack.dataSource)).toEqual([]);
    expect((await stack.for(Note).search('kettle')).hits.map(({ _key }) => _key)).toEqual([String(note.id)]);
  });

  it('of several columns: the same', async () => {
    const pair = await stack.dataSource.getRepository(Pair).save({ left: 1, right: 2, text: 'Paired kettle' });
    const token = newToken();
    await append(stack.dataSource.manager, [{ entity: 'Pair', recordKey: '["01","2"]' }], 'verb', token);
    await stack.scrypath.waitForCompletion(token);
    expect((await stack.for(Pair).search('kettle')).hits.map(({ _key }) => _key)).toEqual([
      stack.for(Pair).keyOf(pair),
    ]);
  });

  it('a row with a key that the entity cannot have is listed or removes what is not there, and keeps nobody back', async () => {
    const note = await stack.dataSource.getRepository(Note).save({ text: 'Kept kettle' });
    await append(
      stack.dataSource.manager,
      ['x', '', '9'.repeat(30)].map((recordKey) => ({ entity: 'Note', recordKey })),
      'verb',
    );
    await append(stack.dataSource.manager, [{ entity: 'Pair', recordKey: 'no list' }], 'verb');
    await stack.for(Note).syncRecord(note, { mode: 'inline' });
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    await until(async () => (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded'));
    for (const { error_class } of await rowsOf(stack.dataSource))
      expect(error_class).toMatch(/^(validation|backend_rejected)/);
    expect((await rowsOf(stack.dataSource)).some(({ entity: name }) => name === 'Pair')).toBe(true);
    await worker.stop();
  });
});

const postgres = reachable().databases.postgres;
// Its type exists only once the extension is there, so that the tables are made later than elsewhere.
describe('keys of the type citext [postgres · embedded]', () => {
  (postgres.there ? it : it.skip)('the alias is removed, the true key is dirtied and written', async () => {
    const { dataSource, drop } = await openDatabase('postgres', []);
    await dataSource.query('CREATE EXTENSION IF NOT EXISTS citext');
    const own = await new DataSource({
      ...dataSource.options,
      entities: [CitextArticle],
    } as never).initialize();
    const scrypath = new Scrypath({
      dataSource: own,
      backend: embedded(),
      sync: { mode: 'queued' },
      outbox: STEADY,
      prefix: aPrefix(),
    });
    await scrypath.start();
    await own.getRepository(CitextArticle).save({ code: 'ABC', text: 'Copper kettle' });
    const { token } = await scrypath.for(CitextArticle).syncKeys(['abc']);
    await scrypath.waitForCompletion(token!);
    expect(await rowsOf(own)).toEqual([]);
    expect((await scrypath.for(CitextArticle).search('kettle')).hits.map(({ _key }) => _key)).toEqual(['ABC']);
    await scrypath.close();
    await own.destroy();
    await drop();
  });
});
