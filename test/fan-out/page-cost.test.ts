import type { DataSource } from 'typeorm';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Actor, Director, ENTITIES, Movie } from './entities';
import { build } from './opened';

const OWNERS = 5000;
const PAGE = 10;

/** How many rows one page has MariaDB look at; the other databases do not tell without a plan of their own. */
onEveryDatabase('a page of owners', ({ database }) => {
  if (database !== 'mariadb') {
    it.skip(`skipped: not for this database: ${database} does not count the rows that a session has read`, () =>
      undefined);
    return;
  }
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, ENTITIES));
    await dataSource.manager.insert(Director, { name: 'D' });
    await dataSource.manager.insert(Actor, { name: 'A' });
    await dataSource.query(`INSERT INTO movie (title, directorId) SELECT 'M', 1 FROM seq_1_to_${OWNERS}`);
    await dataSource.query('INSERT INTO movie_cast_actor (movieId, actorId) SELECT id, 1 FROM movie');
    await dataSource.query('ANALYZE TABLE movie, movie_cast_actor');
  });
  afterAll(() => drop());

  it.each([
    ['the owners of the page and no others, by a foreign key', 'Movie>director', 20 * PAGE],
    // MariaDB walks the entries of one key in the join table's index from its start, even where a part of them is asked for.
    ['entries of one index once each, by a join table', 'Movie>cast', OWNERS],
  ])('reads %s', async (_name, name, most) => {
    const dependency = build(dataSource).fanOut.dependencies.get(name)!;
    const runner = dataSource.createQueryRunner();
    const [middle] = await dataSource.getRepository(Movie).find({ order: { id: 'ASC' }, skip: OWNERS / 2, take: 1 });
    await runner.query('FLUSH STATUS');
    const { recordKeys } = await dependency.page(runner.manager, '1', String(middle!.id), PAGE);
    const counts: { Variable_name: string; Value: string }[] = await runner.query(
      "SHOW SESSION STATUS LIKE 'Handler_read%'",
    );
    await runner.release();
    expect(recordKeys).toHaveLength(PAGE);
    const read = counts.reduce((sum, { Value }) => sum + Number(Value), 0);
    expect(read).toBeGreaterThanOrEqual(PAGE);
    expect(read).toBeLessThan(most);
  });
});
