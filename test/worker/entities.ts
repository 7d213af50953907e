import { Filterable, Searchable } from 'scrypath';
import {
  AfterLoad,
  Column,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

/** What the application's own code does with films of these titles, when they are loaded or projected. */
export const whims = { failsToLoad: '', failsToProject: '' };

@Entity()
@Searchable<Film>({
  index: 'films',
  when: (film) => {
    if (film.title === whims.failsToProject) throw new Error('The application cannot project it.');
    return film.listed;
  },
})
export class Film {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Column({ default: true }) listed!: boolean;

  @AfterLoad()
  loaded(): void {
    if (this.title === whims.failsToLoad) throw new Error('The application cannot load it.');
  }
}

@Entity()
@Searchable({ index: 'notes' })
export class Note {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() text!: string;
}

@Entity()
export class Studio {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @OneToMany(
    () => Series,
    (series) => series.studio,
  )
  series!: Relation<Series>[];
}

@Entity()
@Searchable({ index: 'series' })
export class Series {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Searchable('name')
  @ManyToOne(
    () => Studio,
    (studio) => studio.series,
    { nullable: false },
  )
  studio!: Relation<Studio>;
}

@Entity()
@Searchable({ index: 'articles' })
export class Article {
  @PrimaryColumn({ length: 40 }) code!: string;
  @Searchable() @Column() text!: string;
}

@Entity()
@Searchable({ index: 'articles' })
export class NocaseArticle {
  @PrimaryColumn({ length: 40, collation: 'NOCASE' }) code!: string;
  @Searchable() @Column() text!: string;
}

@Entity()
@Searchable({ index: 'articles' })
export class CitextArticle {
  @PrimaryColumn('citext') code!: string;
  @Searchable() @Column() text!: string;
}

@Entity()
@Searchable({ index: 'pairs' })
export class Pair {
  @PrimaryColumn() left!: number;
  @PrimaryColumn() right!: number;
  @Searchable() @Filterable() @Column() text!: string;
}
