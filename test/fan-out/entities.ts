import { Filterable, Searchable } from 'scrypath';
import {
  ChildEntity,
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
} from 'typeorm';

@Entity()
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column() code!: string;
  @Column({ default: '' }) anthem!: string;
}

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column({ default: '' }) phone!: string;
  @ManyToOne(() => Country, { onDelete: 'CASCADE' }) country!: Relation<Country> | null;
  @OneToOne(
    () => Profile,
    (profile) => profile.director,
  )
  profile!: Relation<Profile> | null;
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Profile {
  @PrimaryGeneratedColumn() id!: number;
  @Column() bio!: string;
  @OneToOne(
    () => Director,
    (director) => director.profile,
    { onDelete: 'CASCADE' },
  )
  @JoinColumn()
  director!: Relation<Director> | null;
}

/** Referred to by a column that is no primary key. */
@Entity()
export class Studio {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true, length: 40 }) code!: string;
  @Column() name!: string;
}

/** Referred to by a column that is no primary key, without a foreign key in the database. */
@Entity()
export class Label {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true, length: 40 }) code!: string;
  @Column() name!: string;
}

/** Referred to by its primary key, without a foreign key in the database. */
@Entity()
export class Genre {
  @PrimaryColumn({ length: 40 }) name!: string;
  @Column() shelf!: string;
}

@Entity()
export class Actor {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column({ default: '' }) phone!: string;
  @ManyToMany(
    () => Movie,
    (movie) => movie.cast,
  )
  movies!: Relation<Movie>[];
}

/** The same join table from its other side. */
@Entity()
@Searchable({ index: 'stars' })
export class Star {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Searchable('title')
  @ManyToMany(
    () => Movie,
    (movie) => movie.stars,
  )
  movies!: Relation<Movie>[];
}

@Entity()
@Searchable({ index: 'movies' })
export class Movie {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Column({ default: '' }) notes!: string;
  @Searchable('name')
  @Filterable('country.code', 'profile.bio')
  @ManyToOne(() => Director, { onDelete: 'SET NULL' })
  director!: Relation<Director> | null;
  @Searchable('name')
  @ManyToOne(() => Studio, { onDelete: 'SET NULL', onUpdate: 'CASCADE' })
  @JoinColumn({ referencedColumnName: 'code' })
  studio!: Relation<Studio> | null;
  @Searchable('name')
  @ManyToOne(() => Label, { createForeignKeyConstraints: false })
  @JoinColumn({ referencedColumnName: 'code' })
  label!: Relation<Label> | null;
  @Searchable('shelf')
  @ManyToOne(() => Genre, { createForeignKeyConstraints: false })
  genre!: Relation<Genre> | null;
  @Searchable('name')
  @ManyToMany(
    () => Actor,
    (actor) => actor.movies,
  )
  @JoinTable()
  cast!: Relation<Actor>[];
  @ManyToMany(
    () => Star,
    (star) => star.movies,
  )
  @JoinTable()
  stars!: Relation<Star>[];
  @Searchable('text', 'critic.name')
  @OneToMany(
    () => Review,
    (review) => review.movie,
  )
  reviews!: Relation<Review>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Critic {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
export class Review {
  @PrimaryGeneratedColumn() id!: number;
  @Column() text!: string;
  @Column({ default: 0 }) stars!: number;
  @ManyToOne(
    () => Movie,
    (movie) => movie.reviews,
    { onDelete: 'CASCADE' },
  )
  movie!: Relation<Movie> | null;
  @ManyToOne(() => Critic, { onDelete: 'SET NULL' }) critic!: Relation<Critic> | null;
}

/** A tree: a delete takes along everything below. */
@Entity()
@Searchable({ index: 'categories' })
export class Category {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Searchable('name')
  @ManyToOne(() => Category, { onDelete: 'CASCADE' })
  parent!: Relation<Category> | null;
}

/** Keyed by a foreign key and a number. */
@Entity()
@Searchable({ index: 'editions' })
export class Edition {
  @PrimaryColumn() movieId!: number;
  @PrimaryColumn({ length: 40 }) format!: string;
  @Searchable('title')
  @ManyToOne(() => Movie, { onDelete: 'CASCADE', onUpdate: 'CASCADE' })
  @JoinColumn({ name: 'movieId' })
  movie!: Relation<Movie>;
  @Searchable('note')
  @OneToMany(
    () => Copy,
    (copy) => copy.edition,
  )
  copies!: Relation<Copy>[];
}

/** Has a composite foreign key. */
@Entity()
export class Copy {
  @PrimaryGeneratedColumn() id!: number;
  @Column() note!: string;
  @ManyToOne(
    () => Edition,
    (edition) => edition.copies,
    { onDelete: 'SET NULL', onUpdate: 'CASCADE' },
  )
  edition!: Relation<Edition> | null;
}

@Entity()
@TableInheritance({ column: { name: 'kind', type: 'varchar' } })
export class Media {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
}

@ChildEntity()
@Searchable({ index: 'photos' })
export class Photo extends Media {
  @Searchable() @Column({ nullable: true }) camera!: string;
  @Searchable('name') @ManyToOne(() => Critic, { onDelete: 'SET NULL' }) critic!: Relation<Critic> | null;
}

@ChildEntity()
export class Clip extends Media {
  @Column({ nullable: true }) seconds!: number;
}

export const ENTITIES = [
  ...[Country, Director, Profile, Studio, Label, Genre, Actor, Star, Movie, Critic, Review],
  ...[Category, Edition, Copy, Media, Photo, Clip],
];
