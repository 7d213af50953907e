import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, Entity, ManyToOne, PrimaryColumn, type Relation, type ValueTransformer } from 'typeorm';
import { Director } from './director.js';
import { Distributor } from './distributor.js';

/** Databases answer a `bigint` column with text or a number; in the entity it is a bigint everywhere. */
const asBigInt: ValueTransformer = {
  to: (dollars?: bigint | null) => dollars?.toString() ?? dollars,
  from: (stored: string | number | null) => (stored === null ? null : BigInt(stored)),
};

@Entity()
@Searchable<Movie>({
  index: 'movies',
  settings: {
    // Of films that match a text equally well, the one that more people know comes first.
    rankingRules: ['words', 'typo', 'proximity', 'attribute', 'sort', 'exactness', 'votes:desc'],
  },
})
export class Movie {
  /** The film's place in the list that it was loaded from. */
  @PrimaryColumn() id!: number;

  @Searchable() @Column() title!: string;

  /** A day, as `1972-03-15`. */
  @Filterable() @Sortable() @Column('date') released!: string;

  @Filterable({ facet: true }) @Column({ type: String, nullable: true }) genre!: string | null;

  /** What the MPAA rated the film: `PG-13`. */
  @Filterable({ facet: true }) @Column({ type: String, nullable: true }) certificate!: string | null;

  /** On the IMDb, from 1 to 10. */
  @Filterable() @Sortable() @Column({ type: 'double precision', nullable: true }) rating!: number | null;

  @Filterable() @Sortable() @Column({ type: 'int', nullable: true }) votes!: number | null;

  /** In US dollars, worldwide. */
  @Filterable()
  @Sortable()
  @Column({ type: 'bigint', nullable: true, transformer: asBigInt })
  gross!: bigint | null;

  @Searchable('name')
  @Filterable('name')
  @ManyToOne(() => Director, { nullable: true })
  director!: Relation<Director> | null;

  @Filterable('name', { facet: true })
  @ManyToOne(() => Distributor, { nullable: true })
  distributor!: Relation<Distributor> | null;
}
