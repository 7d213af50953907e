import { Searchable, Sortable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { aDirector, aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase } from '../stacks/stack';

onEveryDatabase('hydration', (stack) => {
  @Entity()
  @Searchable()
  class Part {
    @PrimaryColumn() maker!: string;
    @PrimaryColumn('int') number!: number;
    @Searchable() @Sortable() @Column() name!: string;
  }
  const wrapped = {
    to: (value: unknown) => (value as { raw: number }).raw ?? value,
    from: (raw: number) => ({ raw: Number(raw) }),
  };
  @Entity()
  @Searchable()
  class Coded {
    @PrimaryColumn('int', { transformer: wrapped }) code!: { raw: number };
    @Searchable() @Sortable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Large {
    @PrimaryColumn('bigint') id!: string;
    @Searchable() @Sortable() @Column() name!: string;
  }
  const opened = stack.use([...MOVIE_ENTITIES, Part, Coded, Large]);
  const movies = () => opened.for(Movie);
  let saved: Movie[];
  beforeAll(async () => {
    saved = await opened.dataSource
      .getRepository(Movie)
      .save(
        Array.from({ length: 60 }, (_, at) =>
          aMovie({ title: `Reel ${String(at).padStart(2, '0')}`, year: 2000 - at, director: aDirector() }),
        ),
      );
    await movies().syncRecords(saved);
  });

  it.each([1, 50])('reads %d hits with exactly one SELECT', async (size) => {
    opened.forgetSql();
    const { records } = await movies().search('reel', { page: { size }, sort: { year: 'asc' }, hydrate: true });
    expect(records).toHaveLength(size);
    expect(opened.sql).toHaveLength(1);
    await movies().search('reel', { page: { size }, hydrate: { relations: { director: true, cast: true } } });
    expect(opened.sql).toHaveLength(2);
  });

  it.each([
    ['composite', Part, (at: number) => ({ maker: `m${at % 3}`, number: at, name: `Bolt ${at + 100}` })],
    ['transformed', Coded, (at: number) => ({ code: { raw: at + 1 }, name: `Bolt ${at + 100}` })],
    ['bigint', Large, (at: number) => ({ id: String(9_000_000_000_000 + at), name: `Bolt ${at + 100}` })],
  ] as const)('reads 50 hits with %s keys with exactly one SELECT, in hit order', async (_kind, entity, make) => {
    const service = opened.scrypath.for<{ name: string }>(entity as never);
    const rows = Array.from({ length: 50 }, (_, at) => make(at));
    await opened.dataSource.getRepository(entity).insert(rows as never);
    await service.syncRecords(await opened.dataSource.getRepository<{ name: string }>(entity).find());
    opened.forgetSql();
    const { records, missingIds } = await service.search('bolt', {
      page: { size: 50 },
      sort: { name: 'desc' },
      hydrate: true,
    });
    expect(records.map(({ name }) => name)).toEqual(rows.map(({ name }) => name).reverse());
    expect(missingIds).toEqual([]);
    expect(opened.sql).toHaveLength(1);
  });

  it('restores the order of the hits, and names those without a row in that order', async () => {
    const [first, second, third] = saved.slice(0, 3) as [Movie, Movie, Movie];
    await opened.dataSource.getRepository(Movie).softDelete(second.id);
    await opened.dataSource.query(`UPDATE movie SET title = 'Changed' WHERE id = ${third.id}`);
    const { hits, records, missingIds } = await movies().search('reel', {
      sort: { year: 'desc' },
      page: { size: 3 },
      hydrate: true,
    });
    expect(hits.map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
    expect(records.map(({ id }) => id)).toEqual([first.id, third.id]);
    expect(records[1]!.title).toBe('Changed');
    expect(missingIds).toEqual([movies().keyOf(second)]);
    await movies().deleteDocuments(missingIds);
    expect(
      (await movies().search('reel', { sort: { year: 'desc' }, page: { size: 3 }, hydrate: true })).missingIds,
    ).toEqual([]);
  });

  it('takes relations, a selection, a manager and a repository', async () => {
    const page = { size: 2 } as const;
    const loaded = await movies().search('reel', { page, hydrate: { relations: { director: true } } });
    expect(loaded.records[0]!.director.name).toMatch(/^Director/);
    const selected = await movies().search('reel', { page, hydrate: { select: { title: true } } });
    expect(selected.records[0]).toEqual({ id: expect.any(Number), title: expect.any(String) });
    await opened.dataSource.transaction(async (manager) => {
      const [hit] = loaded.hits;
      await manager.update(Movie, hit!.id, { title: 'Inside' });
      const inside = await movies().search('reel', { page, hydrate: { manager } });
      expect(inside.records.map(({ title }) => title)).toContain('Inside');
    });
    const repository = opened.dataSource.getRepository(Movie).extend({
      find: () => Promise.resolve([]),
    });
    const scoped = await movies().search('reel', { page, hydrate: { repository } });
    expect(scoped.records).toEqual([]);
    expect(scoped.missingIds).toHaveLength(2);
  });

  it('of no hits reads nothing', async () => {
    opened.forgetSql();
    const { records, missingIds } = await movies().search('zzzzzz', { hydrate: true });
    expect([records, missingIds, opened.sql]).toEqual([[], [], []]);
  });
});
