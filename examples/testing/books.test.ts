import 'reflect-metadata';
import { Filterable, Searchable } from 'scrypath';
import { libsqlDriver } from 'scrypath/embedded';
import { createTestScrypath, type TestScrypath } from 'scrypath/testing';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
@Searchable()
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Filterable() @Column() year!: number;
}

describe('books', () => {
  let dataSource: DataSource;
  let search: TestScrypath;

  beforeAll(async () => {
    dataSource = await new DataSource({
      type: 'better-sqlite3',
      driver: libsqlDriver(),
      database: ':memory:',
      entities: [Book],
      synchronize: true,
    }).initialize();
    search = await createTestScrypath(dataSource, { capture: 'orm' });
  });
  afterEach(async () => {
    await dataSource.getRepository(Book).clear();
    await search.reset();
  });
  afterAll(async () => {
    await search.close();
    await dataSource.destroy();
  });

  it('are found by a misspelled word', async () => {
    await dataSource.getRepository(Book).save([
      { title: 'The Master and Margarita', year: 1967 },
      { title: 'Moby-Dick', year: 1851 },
    ]);
    await search.drain();
    const { hits } = await search.scrypath.for(Book).search('margerita', { filter: { year: { gte: 1900 } } });
    expect(hits.map(({ title }) => title)).toEqual(['The Master and Margarita']);
  });

  it('say so when the engine is down', async () => {
    search.faults.fail('search');
    await expect(search.scrypath.for(Book).search('dick')).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
  });
});
