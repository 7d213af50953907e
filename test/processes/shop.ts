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

export const MAKERS = 8;
export const TAGS = 12;
export const SHELVES = 10;

/** Keys are few, so that writers meet; each makes new products in a lane of its own, so that no two make the same. */
export const PRODUCTS = 320;
export const LANES = 4;
