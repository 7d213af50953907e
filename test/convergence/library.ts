import { Filterable, Searchable } from 'scrypath';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Author {
  @PrimaryColumn('int') id!: number;
  @Column() name!: string;
}

@Entity()
export class Tag {
  @PrimaryColumn('int') id!: number;
  @Column() name!: string;
}

/** Its key can change, it can be deleted softly, and it is in the index only after 1900. */
@Entity()
@Searchable<Book>({ index: 'books', when: (book) => book.year > 1900 })
export class Book {
  @PrimaryColumn({ length: 20 }) code!: string;
  @Searchable() @Column() title!: string;
  @Filterable() @Column('int') year!: number;
  @Searchable('name')
  @ManyToOne(() => Author, { nullable: true, onDelete: 'SET NULL' })
  author!: Relation<Author> | null;
  @Column({ nullable: true, type: 'int' }) authorId!: number | null;
  @Searchable('name')
  @ManyToMany(() => Tag)
  @JoinTable({ name: 'book_tag', joinColumn: { name: 'code' }, inverseJoinColumn: { name: 'tag' } })
  tags!: Relation<Tag>[];
  @Searchable('label')
  @OneToMany(
    () => Chapter,
    (chapter) => chapter.book,
    { cascade: ['insert'] },
  )
  chapters!: Relation<Chapter>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Chapter {
  @PrimaryColumn('int') id!: number;
  @Column() label!: string;
  @ManyToOne(
    () => Book,
    (book) => book.chapters,
    { nullable: false, onDelete: 'CASCADE', onUpdate: 'CASCADE' },
  )
  book!: Relation<Book>;
  @Column({ length: 20 }) bookCode!: string;
}

export const LIBRARY = [Author, Tag, Book, Chapter];
