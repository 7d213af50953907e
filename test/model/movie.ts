import { Filterable, Searchable, Sortable } from 'scrypath';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column() code!: string;
}

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @ManyToOne(() => Country, { nullable: true, cascade: true }) country!: Relation<Country> | null;
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Actor {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
@Searchable<Movie>({ index: 'movies', when: (movie) => movie.year > 1900 })
export class Movie {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Sortable() @Column() title!: string;
  @Searchable() @Column('text', { nullable: true }) plot!: string | null;
  @Filterable() @Sortable() @Column() year!: number;
  @Filterable({ facet: true }) @Column('simple-array') genres!: string[];
  @Filterable() @Sortable() @Column('decimal', { precision: 12, scale: 2, nullable: true }) budget!: string | null;
  @Filterable() @Sortable() @Column('bigint', { nullable: true }) views!: string | null;
  @Filterable() @Sortable() @Column({ type: Date, nullable: true }) released!: Date | null;
  @Filterable({ facet: true }) @Column({ default: false }) colour!: boolean;
  @Searchable('name')
  @Filterable('name', 'country.code', { facet: true })
  @ManyToOne(() => Director, { nullable: false, cascade: true })
  director!: Relation<Director>;
  @Searchable('name')
  @Filterable('name')
  @ManyToMany(() => Actor, { cascade: true })
  @JoinTable()
  cast!: Relation<Actor>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

export const MOVIE_ENTITIES = [Movie, Director, Country, Actor];

let unique = 0;

/** A director that no other call makes. */
export const aDirector = (given: Partial<Director> = {}): Director =>
  Object.assign(new Director(), { name: `Director ${++unique}`, country: null }, given);

/** A movie ready to be saved, with everything loaded that its projection reads. */
export const aMovie = (given: Partial<Movie> = {}): Movie =>
  Object.assign(
    new Movie(),
    {
      title: `Movie ${++unique}`,
      plot: null,
      year: 1999,
      genres: ['Drama'],
      budget: null,
      views: null,
      released: null,
      colour: true,
      director: aDirector(),
      cast: [],
    },
    given,
  );
