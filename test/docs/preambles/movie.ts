// What most blocks of the documents leave out: the entities, and an instance that serves them.

import { Filterable, type Scrypath, Searchable, type SearchService, Sortable } from 'scrypath';
import {
  Column,
  type DataSource,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  type Repository,
} from 'typeorm';

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column('varchar', { nullable: true }) country!: string | null;
  @OneToMany(
    () => Movie,
    (movie) => movie.director,
  )
  movies!: Relation<Movie>[];
}

@Entity()
@Searchable<Movie>({ index: 'movies' })
export class Movie {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Filterable({ facet: true }) @Sortable() @Column() year!: number;
  @Filterable({ facet: true }) @Column('simple-array') genres!: string[];
  @Filterable() @Sortable() @Column('datetime', { nullable: true }) releasedAt!: Date | null;
  @Filterable() @Sortable() @Column('bigint', { nullable: true }) gross!: string | null;
  @Searchable('name')
  @Filterable('name', 'country', { facet: true })
  @ManyToOne(
    () => Director,
    (director) => director.movies,
    { nullable: true },
  )
  director!: Relation<Director> | null;
  @DeleteDateColumn() deletedAt!: Date | null;
}

export declare const dataSource: DataSource;
export declare const repository: Repository<Movie>;
export declare const scrypath: Scrypath;
export declare const movies: SearchService<Movie>;
export declare const movie: Movie;
export declare const text: string;
