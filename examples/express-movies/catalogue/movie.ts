import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Director } from './director.js';

@Entity()
@Searchable<Movie>({
  index: 'movies',
  // Of films that match a text equally well, the one that more people know comes first.
  settings: { rankingRules: ['words', 'typo', 'proximity', 'attribute', 'sort', 'exactness', 'votes:desc'] },
})
export class Movie {
  @PrimaryGeneratedColumn() id!: number;

  @Searchable() @Column() title!: string;

  /** A day, as `1972-03-15`. */
  @Filterable() @Sortable() @Column('date', { nullable: true }) released!: string | null;

  @Filterable({ facet: true }) @Column({ type: String, nullable: true }) genre!: string | null;

  /** On the IMDb, from 1 to 10. */
  @Filterable() @Sortable() @Column({ type: 'double precision', nullable: true }) rating!: number | null;

  @Sortable() @Column({ type: 'int', nullable: true }) votes!: number | null;

  // The document holds the director's name, so a director who is renamed changes the documents of all his films.
  @Searchable('name')
  @Filterable('name')
  @ManyToOne(() => Director, { nullable: true })
  director!: Relation<Director> | null;
}
