import { Filterable, Searchable } from 'scrypath';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

@Entity('country')
export class Country {
  @PrimaryColumn({ length: 2 }) code!: string;
  @Column({ length: 100 }) name!: string;
  @Column('int', { default: 0 }) area!: number;
}

/** No document holds anything of it, and its deletion takes films along. */
@Entity('studio')
export class Studio {
  @PrimaryColumn() id!: number;
  @Column({ length: 100 }) name!: string;
}

@Entity('person')
export class Person {
  @PrimaryColumn() id!: number;
  @Column({ length: 100 }) name!: string;
  @Column('int', { default: 0 }) born!: number;
  @ManyToOne(() => Country, { onDelete: 'SET NULL', nullable: true })
  @JoinColumn({ name: 'country_code' })
  country!: Country | null;
}

@Entity('genre')
export class Genre {
  @PrimaryColumn() id!: number;
  @Column({ length: 100 }) name!: string;
}

@Entity('film')
@Searchable({ index: 'films' })
export class Film {
  @PrimaryColumn() id!: number;
  @Searchable() @Column({ length: 100 }) title!: string;
  @Filterable() @Column('int', { nullable: true, unique: true }) number!: number | null;
  @Column({ length: 100, default: '' }) note!: string;
  @DeleteDateColumn({ name: 'deleted_at' }) deletedAt!: Date | null;
  @Searchable('name', 'country.name')
  @ManyToOne(() => Person, { onDelete: 'SET NULL', onUpdate: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'director_id' })
  director!: Person | null;
  @ManyToOne(() => Studio, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'studio_id' })
  studio!: Studio | null;
  @Searchable('name')
  @ManyToMany(() => Genre)
  @JoinTable({ name: 'film_genre', joinColumn: { name: 'film_id' }, inverseJoinColumn: { name: 'genre_id' } })
  genres!: Genre[];
  @Searchable('text')
  @OneToMany(
    () => Review,
    ({ film }) => film,
  )
  reviews!: Relation<Review>[];
}

@Entity('review')
export class Review {
  @PrimaryColumn() id!: number;
  @Column({ length: 100 }) text!: string;
  @Column({ length: 100, default: '' }) mood!: string;
  @ManyToOne(
    () => Film,
    ({ reviews }) => reviews,
    { onDelete: 'CASCADE', onUpdate: 'CASCADE', nullable: true },
  )
  @JoinColumn({ name: 'film_id' })
  film!: Film | null;
}

export const FILMS = [Country, Studio, Person, Genre, Film, Review];
