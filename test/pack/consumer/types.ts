// Compiled as an ES module and as CommonJS: what an application's compiler sees of the package.
import {
  type Filter,
  Filterable,
  type Hit,
  type JsonOf,
  Scrypath,
  ScrypathError,
  Searchable,
  Sortable,
} from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
@Searchable<Book>({ index: 'books', when: (book) => book.year > 1900 })
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Filterable({ facet: true }) @Sortable() @Column() year!: number;
  @Filterable() @Column('datetime') bought!: Date;
}

export async function search(dataSource: DataSource): Promise<string[]> {
  const scrypath = new Scrypath({ dataSource, backend: embedded(), capture: 'orm' });
  const books = scrypath.for(Book);
  const filter: Filter<Book> = { year: { gte: 1950 }, bought: { lt: new Date() } };
  const { hits, records, facets } = await books.search('darkness', { filter, facets: ['year'], hydrate: true });
  const first: Hit<JsonOf<Book>> | undefined = hits[0];
  const bought: number | undefined = first?.bought;
  // @ts-expect-error "titel" is no property of a book.
  await books.search('', { sort: { titel: 'asc' } });
  // @ts-expect-error Only what was asked for is counted.
  facets.bought;
  if (ScrypathError.is(first, 'TASK_TIMEOUT')) throw first;
  return [...records.map(({ title }) => title), String(bought)];
}
