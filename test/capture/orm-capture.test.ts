import { ScrypathError } from 'scrypath';
import { aDirector, aMovie, Director, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase, onEveryStack } from '../stacks/stack';

onEveryStack("capture 'orm'", (stack) => {
  const opened = stack.use(MOVIE_ENTITIES, { capture: 'orm', logger: { warn: () => {}, error: () => {} } });
  const repository = () => opened.dataSource.getRepository(Movie);
  const found = async (text: string) =>
    (await opened.for(Movie).search(text, { matching: 'all' })).hits.map(({ title }) => title);

  it('syncs what save, remove, softRemove and recover wrote', async () => {
    const movie = await repository().save(aMovie({ title: 'Orchid alpha' }));
    expect(await found('orchid')).toEqual(['Orchid alpha']);
    await repository().save({ id: movie.id, title: 'Orchid beta' });
    expect(await found('orchid')).toEqual(['Orchid beta']);
    await repository().softRemove(movie);
    expect(await found('orchid')).toEqual([]);
    await repository().recover(movie);
    expect(await found('orchid')).toEqual(['Orchid beta']);
    await repository().remove(movie);
    expect(await found('orchid')).toEqual([]);
  });

  it('syncs what the row holds, never the entity that was saved', async () => {
    const movie = await repository().save(aMovie({ title: 'Lotus', plot: 'kept in the row' }));
    await repository().save({ id: movie.id, title: 'Lotus two' });
    expect((await opened.for(Movie).search('lotus')).hits[0]).toMatchObject({
      title: 'Lotus two',
      plot: 'kept in the row',
    });
  });

  it('syncs after the outermost commit, not at a savepoint’s release', async () => {
    await opened.dataSource.transaction(async (outer) => {
      await outer.transaction((inner) => inner.save(aMovie({ title: 'Nested peony' })));
      await opened.scrypath.drain();
      expect(await found('nested peony')).toEqual([]);
      await outer.save(aMovie({ title: 'Nested tulip' }));
    });
    expect((await found('nested')).sort()).toEqual(['Nested peony', 'Nested tulip']);
  });

  it('syncs nothing of what was rolled back', async () => {
    const failing = opened.dataSource.transaction(async (manager) => {
      await manager.save(aMovie({ title: 'Rolled daisy' }));
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await opened.dataSource.transaction(async (manager) => {
      await manager.save(aMovie({ title: 'Kept daisy' }));
      await manager
        .transaction(async (inner) => {
          await inner.save(aMovie({ title: 'Inner daisy' }));
          throw new Error('inner');
        })
        .catch(() => undefined);
    });
    await opened.scrypath.drain();
    expect(await found('daisy')).toEqual(['Kept daisy']);
  });
});

onEveryDatabase("capture 'orm' and failures", (stack) => {
  const errors: { message: string; facts: object | undefined }[] = [];
  const logger = { warn: () => {}, error: (message: string, facts?: object) => void errors.push({ message, facts }) };
  const opened = stack.use(MOVIE_ENTITIES, { capture: 'orm', logger });
  const repository = () => opened.dataSource.getRepository(Movie);
  beforeEach(() => {
    errors.length = 0;
  });

  it('never throws into a committed save: a failure is logged, the row stays', async () => {
    opened.faults.fail('upsert');
    const movie = await repository().save(aMovie({ title: 'Unlucky' }));
    expect(await repository().countBy({ id: movie.id })).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ facts: { entity: 'Movie', error: expect.any(ScrypathError) } });
  });

  it('reads each transaction’s records in one query, with their relations', async () => {
    const [first, second] = [aMovie({ title: 'One' }), aMovie({ title: 'Two' })];
    await repository().save([first, second]);
    opened.forgetSql();
    await repository().save([
      { id: first.id, title: 'One more' },
      { id: second.id, title: 'Two more' },
    ]);
    const commit = opened.sql.findIndex((statement) => /^COMMIT/.test(statement));
    expect(opened.sql.slice(commit + 1)).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  if (stack.database === 'sqlite') {
    it('keeps apart what concurrent transactions wrote', () => {
      // SQLite has one connection, and so one transaction at a time.
      expect(opened.dataSource.createQueryRunner()).toBe(opened.dataSource.createQueryRunner());
    });
  } else {
    it('keeps apart what concurrent transactions wrote', async () => {
      const write = (title: string, fails: boolean) =>
        opened.dataSource.transaction(async (manager) => {
          await manager.save(aMovie({ title }));
          await new Promise((resolve) => setTimeout(resolve, 20));
          if (fails) throw new Error('rolled back');
        });
      await Promise.allSettled([write('Apart kept', false), write('Apart lost', true), write('Apart kept too', false)]);
      const { hits } = await opened.for(Movie).search('apart');
      expect(hits.map(({ title }) => title).sort()).toEqual(['Apart kept', 'Apart kept too']);
    });
  }

  it('leaves entities without an index alone', async () => {
    const director = await opened.dataSource.getRepository(Director).save(aDirector());
    await opened.dataSource.getRepository(Director).remove(director);
    expect(errors).toEqual([]);
  });
});

onEveryDatabase("capture 'none'", (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  it('is the default: a save syncs nothing', async () => {
    await opened.dataSource.getRepository(Movie).save(aMovie({ title: 'Quiet' }));
    await opened.scrypath.drain();
    expect((await opened.for(Movie).search('quiet')).hits).toEqual([]);
  });
});
