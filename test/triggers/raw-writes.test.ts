import { ensureTriggers } from '../../src/triggers/install';
import { onEveryDatabase } from '../stacks/stack';
import { changedFilms, filmDocuments, markedFilms } from './film-documents';
import { FILMS } from './films';
import { type OpenedTables, openTables, takeRows } from './opened';
import { SEED, WRITES } from './writes';

onEveryDatabase('triggers, on writes by raw SQL', ({ database }) => {
  let opened: OpenedTables;
  beforeAll(async () => {
    opened = await openTables(database, FILMS);
    await ensureTriggers(opened.dataSource, opened.fanOut);
  });
  afterAll(() => opened?.drop());

  beforeEach(async () => {
    const { dataSource } = opened;
    for (const table of ['film_genre', 'review', 'film', 'genre', 'person', 'studio', 'country'])
      await dataSource.query(`DELETE FROM ${table}`);
    for (const sql of SEED) await dataSource.query(sql);
    await takeRows(dataSource);
  });

  const here = WRITES.flatMap(({ title, sql, dirties }) => {
    const statement = typeof sql === 'string' ? sql : sql[database];
    return statement === undefined ? [] : [{ title, statement, dirties: dirties.map(String).sort() }];
  });

  it.each(here)('mark what is dirty, and nothing else: $title', async ({ statement, dirties }) => {
    const { dataSource } = opened;
    const before = await filmDocuments(dataSource);
    await dataSource.query(statement);
    const changed = changedFilms(before, await filmDocuments(dataSource));
    const rows = await takeRows(dataSource);
    const marked = await markedFilms(dataSource, rows);
    expect(marked).toEqual(dirties);
    expect(changed.filter((id) => !marked.includes(id))).toEqual([]);
    expect(rows.filter(({ cause, state }) => cause !== 'write' || state !== 'enqueued')).toEqual([]);
  });

  it.each(here)('leave nothing of what is rolled back: $title', async ({ statement }) => {
    const { dataSource } = opened;
    const before = await filmDocuments(dataSource);
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(statement);
    await runner.rollbackTransaction();
    await runner.release();
    // TRUNCATE of MySQL, which commits, is not among them.
    expect(await filmDocuments(dataSource)).toEqual(before);
    expect(await takeRows(dataSource)).toEqual([]);
  });
});
