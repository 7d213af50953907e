import { Filterable, Searchable } from 'scrypath';
import {
  AfterLoad,
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

/** What the application's own code does with items of these names. */
export const whims = { failsToLoad: '', failsToProject: '' };

@Entity()
@Searchable<Item>({
  index: 'items',
  when: (item) => {
    if (item.name === whims.failsToProject) throw new Error('The application cannot project it.');
    return item.listed;
  },
})
export class Item {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Column({ default: true }) listed!: boolean;
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column() code!: string;
}

@Entity()
export class Author {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ select: false }) name!: string;
  @Column({ default: 'secret', select: false }) phone!: string;
  @ManyToOne(() => Country) country!: Relation<Country> | null;
  @OneToMany(
    () => Award,
    (award) => award.author,
  )
  awards!: Relation<Award>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
export class Award {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @ManyToOne(
    () => Author,
    (author) => author.awards,
  )
  author!: Relation<Author> | null;
  @DeleteDateColumn() deletedAt!: Date | null;
  told = 0;
  @AfterLoad() loaded(): void {
    this.told += 1;
  }
}

@Entity()
export class Tag {
  @PrimaryColumn({ length: 40 }) name!: string;
  @Column({ select: false, default: 'grey' }) colour!: string;
  @ManyToMany(() => Country)
  @JoinTable()
  countries!: Relation<Country>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

class Size {
  @Column({ default: 1 }) width!: number;
  @Filterable() @Column({ default: 2, select: false }) height!: number;
}

/** Keyed by text and a number; everything that a relation can be. */
@Entity()
@Searchable({ index: 'books' })
export class Book {
  @PrimaryColumn({ length: 40 }) shelf!: string;
  @PrimaryColumn() place!: number;
  @Searchable() @Column() title!: string;
  @Filterable() @Column({ select: false, default: 'x' }) isbn!: string;
  @Column(() => Size) size!: Size;
  @Searchable('name')
  @Filterable('country.code', 'awards.name')
  @ManyToOne(() => Author)
  author!: Relation<Author> | null;
  @Searchable('name')
  @Filterable('colour', 'countries.code')
  @ManyToMany(() => Tag)
  @JoinTable()
  tags!: Relation<Tag>[];
  @Searchable('text', 'by.name')
  @OneToMany(
    () => Review,
    (review) => review.book,
  )
  reviews!: Relation<Review>[];
  @Filterable('text')
  @OneToOne(
    () => Blurb,
    (blurb) => blurb.book,
  )
  blurb!: Relation<Blurb> | null;
  @DeleteDateColumn() deletedAt!: Date | null;
  seen = '';
  @AfterLoad() loaded(): void {
    // A listener of the record may look at all that is loaded with it.
    this.seen = `${this.tags.length} ${this.reviews.length} ${this.author?.awards.reduce((sum, { told }) => sum + told, 0)}`;
  }
}

@Entity()
export class Review {
  @PrimaryGeneratedColumn() id!: number;
  @Column() text!: string;
  @ManyToOne(
    () => Book,
    (book) => book.reviews,
  )
  book!: Relation<Book> | null;
  @ManyToOne(() => Author) by!: Relation<Author> | null;
}

@Entity()
export class Blurb {
  @PrimaryGeneratedColumn() id!: number;
  @Column() text!: string;
  @OneToOne(
    () => Book,
    (book) => book.blurb,
  )
  @JoinColumn()
  book!: Relation<Book> | null;
}

@Entity()
@TableInheritance({ column: { name: 'kind', type: 'varchar' } })
@Searchable({ index: 'works' })
export class Work {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Searchable() @Column() title!: string;
  @Filterable('name')
  @ManyToMany(() => Tag)
  @JoinTable()
  tags!: Relation<Tag>[];
}

@ChildEntity()
export class Atlas extends Work {
  @Filterable('text')
  @OneToMany(
    () => Sheet,
    (sheet) => sheet.atlas,
  )
  sheets!: Relation<Sheet>[];
}

@ChildEntity()
export class Novel extends Work {
  @Filterable() @Column({ nullable: true }) pages!: number;
  @Filterable('code')
  @ManyToOne(() => Country)
  setIn!: Relation<Country> | null;
}

@Entity()
export class Sheet {
  @PrimaryGeneratedColumn() id!: number;
  @Column() text!: string;
  @ManyToOne(
    () => Atlas,
    (atlas) => atlas.sheets,
  )
  atlas!: Relation<Atlas> | null;
}

@Entity()
@Searchable({ index: 'letters' })
export class Letter {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Searchable() @Column() text!: string;
  @AfterLoad() loaded(): void {
    if (this.text === whims.failsToLoad) throw new Error('The application cannot load it.');
  }
}

/** Neighbours beyond 2^53, and three columns. */
@Entity()
@Searchable({ index: 'entries' })
export class Entry {
  @PrimaryColumn('bigint') account!: string;
  @PrimaryColumn('date') day!: string;
  @PrimaryColumn({ type: 'simple-enum', enum: ['second', 'first', 'third'] }) half!: string;
  @Searchable() @Column() text!: string;
}

export const ENTITIES = [
  ...[Item, Country, Author, Award, Tag, Book, Review, Blurb, Work, Atlas, Novel, Sheet, Letter, Entry],
];
