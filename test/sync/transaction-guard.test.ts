import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import type { QueryRunner } from 'typeorm';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase, openDatabase } from '../stacks/stack';

onEveryDatabase('the guard against syncing inside a transaction', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  const movies = () => opened.for(Movie);

  it('refuses with the plain manager of the DataSource too', async () => {
    await opened.dataSource.transaction(async (manager) => {
      const movie = await manager.save(aMovie());
      await expect(movies().syncRecord(movie, { manager: opened.dataSource.manager })).rejects.toMatchObject({
        code: 'SYNC_IN_TRANSACTION',
      });
    });
  });

  it('lets a sync go that runs beside a transaction, not in it', async () => {
    const movie = await opened.dataSource.getRepository(Movie).save(aMovie());
    const [, result] = await Promise.all([
      opened.dataSource.transaction(async (manager) => {
        await manager.query('SELECT 1');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
      movies().syncRecord(movie),
    ]);
    expect(result.status).toBe('completed');
  });

  it('lets a sync go inside a transaction of another DataSource', async () => {
    const other = await openDatabase('sqlite', MOVIE_ENTITIES);
    const beside = new Scrypath({ dataSource: other.dataSource, backend: embedded() });
    await beside.start();
    const movie = await opened.dataSource.getRepository(Movie).save(aMovie());
    await other.dataSource.transaction(async () => {
      expect((await movies().syncRecord(movie)).status).toBe('completed');
      await expect(beside.for(Movie).syncRecord(movie)).rejects.toMatchObject({ code: 'SYNC_IN_TRANSACTION' });
    });
    await beside.close();
    await other.drop();
  });

  it('lets a sync go after a transaction that the same function began and ended', async () => {
    const runner = opened.dataSource.createQueryRunner();
    await runner.startTransaction();
    const movie = await runner.manager.save(aMovie());
    await runner.commitTransaction();
    if (stack.database !== 'sqlite') await runner.release();
    expect((await movies().syncRecord(movie)).status).toBe('completed');
  });

  it('lets a sync go in a context whose own transaction has ended while another runs', async () => {
    const runner = opened.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.commitTransaction();
    const movie = await opened.dataSource.getRepository(Movie).save(aMovie());
    const other = opened.dataSource.createEntityManager();
    const [, result] = await Promise.all([
      other.transaction(async (manager) => {
        await manager.query('SELECT 1');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
      movies().syncRecord(movie),
    ]);
    expect(result.status).toBe('completed');
    if (stack.database !== 'sqlite') await runner.release();
  });

  if (stack.database !== 'sqlite')
    it('keeps no finished query runner alive', async () => {
      const runners: WeakRef<QueryRunner>[] = [];
      for (let round = 0; round < 50; round++)
        await opened.dataSource.transaction(async (manager) => {
          runners.push(new WeakRef(manager.queryRunner!));
        });
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      for (let round = 0; round < 5; round++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        collect();
      }
      expect(runners.filter((runner) => runner.deref() !== undefined).length).toBeLessThan(10);
    });
});
