// What blocks that declare entities leave out: imports, and entities beside the one that they show.
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

export {
  declarationOf,
  describe,
  Filterable,
  type JsonOf,
  Scrypath,
  Searchable,
  SearchDocument,
  Sortable,
} from 'scrypath';
export { embedded } from 'scrypath/embedded';
export {
  ChildEntity,
  Column,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  In,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
} from 'typeorm';

export declare const dataSource: DataSource;

@Entity()
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column() code!: string;
}

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column(() => Country) country!: Country;
}

@Entity()
export class Tag {
  @PrimaryGeneratedColumn() id!: number;
  @Column() label!: string;
}

@Entity()
export class Movie {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
  @Column() year!: number;
}
