import { Filterable, Searchable } from 'scrypath';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Maker {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
export class Tag {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

/** A product without a price is not for sale, and not in the index. */
@Entity()
@Searchable<Product>({ index: 'products', when: ({ price }) => price > 0 })
export class Product {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Filterable() @Column() price!: number;
  @Filterable() @Column() shelf!: number;
  @Searchable('name') @ManyToOne(() => Maker, { nullable: true }) maker!: Relation<Maker> | null;
  @Searchable('name') @ManyToMany(() => Tag) @JoinTable() tags!: Relation<Tag>[];
  @DeleteDateColumn() deletedAt!: Date | null;
}

export const SHOP = [Product, Maker, Tag];

/** How much of everything there is. */
export interface ShopSize {
  readonly products: number;
  readonly makers: number;
  readonly tags: number;
  readonly shelves: number;
}

/** Keys are few, so that writers meet; each makes new products in a lane of its own, so that no two make the same. */
export const SMALL: ShopSize = { products: 320, makers: 8, tags: 12, shelves: 10 };
export const LANES = 4;

/** More products, of whom a shelf, a maker and a tag have no more than in the small shop. */
export const shopOf = (products: number): ShopSize => {
  const times = Math.max(1, Math.ceil(products / SMALL.products));
  const { makers, tags, shelves } = SMALL;
  return { products, makers: makers * times, tags: tags * times, shelves: shelves * times };
};
