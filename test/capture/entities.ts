import { Searchable } from 'scrypath';
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
  Tree,
  TreeChildren,
  TreeParent,
  Unique,
  VersionColumn,
} from 'typeorm';

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column({ nullable: true, type: 'varchar' }) phone!: string | null;
  @OneToMany(
    () => Film,
    (film) => film.director,
  )
  films!: Relation<Film>[];
}

@Entity()
export class Tag {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
@Unique(['slug'])
@Searchable()
export class Film {
  @PrimaryGeneratedColumn() id!: number;
  @Column() slug!: string;
  @Searchable() @Column() title!: string;
  @Searchable() @Column({ default: 0 }) year!: number;
  @Column({ default: 0 }) views!: number;
  @Column({ nullable: true, type: 'varchar' }) note!: string | null;
  @DeleteDateColumn() deletedAt!: Date | null;
  @Searchable('name')
  @ManyToOne(
    () => Director,
    (director) => director.films,
    { nullable: true, cascade: true, onDelete: 'SET NULL' },
  )
  director!: Relation<Director> | null;
  @Column({ nullable: true, type: 'int' }) directorId!: number | null;
  @Searchable('name')
  @ManyToMany(() => Tag, { cascade: true })
  @JoinTable()
  tags!: Relation<Tag>[];
  @Searchable('stars')
  @OneToMany(
    () => Review,
    (review) => review.film,
    { cascade: true },
  )
  reviews!: Relation<Review>[];
  @Searchable('label')
  @OneToMany(
    () => Scene,
    (scene) => scene.film,
    { cascade: true },
  )
  scenes!: Relation<Scene>[];
  @Searchable('url')
  @OneToOne(
    () => Poster,
    (poster) => poster.film,
    { cascade: true },
  )
  poster!: Relation<Poster> | null;
}

/** A child whose foreign key is set to null when its film lets it go. */
@Entity()
export class Review {
  @PrimaryGeneratedColumn() id!: number;
  @Column() stars!: number;
  @Column({ default: '' }) text!: string;
  @ManyToOne(
    () => Film,
    (film) => film.reviews,
    { nullable: true, onDelete: 'SET NULL' },
  )
  film!: Relation<Film> | null;
  @Column({ nullable: true, type: 'int' }) filmId!: number | null;
}

/** A child that is deleted when its film lets it go. */
@Entity()
export class Scene {
  @PrimaryGeneratedColumn() id!: number;
  @Column() label!: string;
  @ManyToOne(
    () => Film,
    (film) => film.scenes,
    { nullable: false, onDelete: 'CASCADE', orphanedRowAction: 'delete' },
  )
  film!: Relation<Film>;
  @Column() filmId!: number;
}

@Entity()
export class Poster {
  @PrimaryGeneratedColumn() id!: number;
  @Column() url!: string;
  @OneToOne(
    () => Film,
    (film) => film.poster,
    { nullable: true, onDelete: 'SET NULL' },
  )
  @JoinColumn()
  film!: Relation<Film> | null;
  @Column({ nullable: true, type: 'int' }) filmId!: number | null;
}

/** A key of two parts, given by the program. */
@Entity()
@Searchable()
export class Seat {
  @PrimaryColumn({ length: 20 }) row!: string;
  @PrimaryColumn('int') place!: number;
  @Searchable() @Column({ default: '' }) guest!: string;
}

@Entity()
@Searchable()
export class Ticket {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Searchable() @Column() holder!: string;
  @VersionColumn() version!: number;
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
export class Media {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}
@ChildEntity()
@Searchable()
export class Photo extends Media {
  @Searchable() @Column({ nullable: true, type: 'varchar' }) camera!: string | null;
}
@ChildEntity()
export class Clip extends Media {
  @Column({ nullable: true, type: 'int' }) seconds!: number | null;
}

@Entity()
@Tree('closure-table')
@Searchable()
export class Category {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() name!: string;
  @TreeParent() parent!: Relation<Category> | null;
  @TreeChildren() children!: Relation<Category>[];
}

@Entity()
@Tree('materialized-path')
@Searchable()
export class Topic {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() name!: string;
  @TreeParent() parent!: Relation<Topic> | null;
  @TreeChildren() children!: Relation<Topic>[];
}

@Entity()
@Tree('nested-set')
@Searchable()
export class Genre {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() name!: string;
  @TreeParent() parent!: Relation<Genre> | null;
  @TreeChildren() children!: Relation<Genre>[];
}

/** No index depends on it. */
@Entity()
export class Log {
  @PrimaryGeneratedColumn() id!: number;
  @Column() line!: string;
}

export const ENTITIES = [
  Director,
  Tag,
  Film,
  Review,
  Scene,
  Poster,
  Seat,
  Ticket,
  Media,
  Photo,
  Clip,
  Category,
  Topic,
  Genre,
  Log,
];
