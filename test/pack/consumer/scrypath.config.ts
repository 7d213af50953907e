import { Scrypath, Searchable } from 'scrypath';
import { embedded, libsqlDriver } from 'scrypath/embedded';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
@Searchable()
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
}

const dataSource = new DataSource({
  type: 'better-sqlite3',
  driver: libsqlDriver(),
  database: ':memory:',
  synchronize: true,
  entities: [Book],
});
export default new Scrypath({ dataSource, backend: embedded() });
