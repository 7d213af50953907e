import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase } from '../stacks/stack';
import { until } from './senders';

onEveryDatabase('a worker that listens', ({ database, use }) => {
  if (database !== 'postgres') {
    it.skip(`skipped: not for this database: ${database} has no NOTIFY`, () => undefined);
    return;
  }
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, outbox: { lockMs: 10_000, requestMs: 5_000 } });

  it('listens again when its connection was ended', async () => {
    const listeners = () =>
      stack.dataSource.query(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      ) as Promise<{ pid: number }[]>;
    // It would look by itself after a minute.
    const worker = stack.scrypath.worker({ pollMs: 60_000 });
    await worker.start();
    await until(async () => (await listeners()).length === 1);
    const [{ pid }] = (await listeners()) as [{ pid: number }];
    await stack.dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
    await until(async () => (await listeners()).some((other) => other.pid !== pid));

    const movie = await stack.dataSource.getRepository(Movie).save(aMovie({ title: 'Heard' }));
    // As another process tells of its commits: this instance wakes its own worker otherwise.
    await stack.dataSource.query(
      `INSERT INTO scrypath_outbox (entity, record_key, cause) VALUES ('Movie', '${movie.id}', 'write')`,
    );
    await stack.dataSource.query(`SELECT pg_notify('scrypath_outbox', '')`);
    await until(async () => (await stack.for(Movie).search('heard')).hits.length === 1);
    await worker.stop();
  });
});
