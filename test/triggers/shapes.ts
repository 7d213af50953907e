import { Searchable } from 'scrypath';
import {
  ChildEntity,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
  TableInheritance,
} from 'typeorm';

/** A table of several entities, of which one has an index. */
@Entity('content')
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
export class Content {
  @PrimaryColumn() id!: number;
  @Column({ length: 100 }) title!: string;
}

@ChildEntity('article')
@Searchable({ index: 'articles' })
export class Article extends Content {
  @Searchable() @Column({ length: 100, nullable: true }) headline!: string;
}

@ChildEntity('picture')
export class Picture extends Content {
  @Column({ length: 100, nullable: true }) caption!: string;
}

/** A tree whose branches fall with it. */
@Entity('node')
@Searchable({ index: 'nodes' })
export class Node {
  @PrimaryColumn() id!: number;
  @Searchable() @Column({ length: 100 }) name!: string;
  @Searchable('name')
  @ManyToOne(() => Node, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'parent_id' })
  parent!: Relation<Node> | null;
}

/** Names that need quotes, or that are too long to be part of another. */
@Entity('Order lines')
@Searchable({ index: 'order_lines' })
export class OrderLine {
  @PrimaryColumn({ name: 'the order', length: 20 }) order!: string;
  @PrimaryColumn({ name: 'Line' }) line!: number;
  @Searchable() @Column({ name: 'select', length: 100 }) text!: string;
}

@Entity('a_table_of_nearly_sixty_characters_that_leave_no_room_for_more')
@Searchable({ index: 'long_names' })
export class LongName {
  @PrimaryColumn() id!: number;
  @Searchable() @Column({ length: 100 }) title!: string;
}

/** Related by a column that is no primary key. */
@Entity('label')
export class Label {
  @PrimaryColumn() id!: number;
  @Index({ unique: true }) @Column({ length: 20 }) code!: string;
  @Column({ length: 100 }) name!: string;
}

@Entity('parcel')
@Searchable({ index: 'parcels' })
export class Parcel {
  @PrimaryColumn() id!: number;
  @Searchable('name')
  @ManyToOne(() => Label, { nullable: true, onDelete: 'SET NULL', onUpdate: 'SET NULL' })
  @JoinColumn({ name: 'label_code', referencedColumnName: 'code' })
  label!: Label | null;
}

/** Related by a column that is no primary key, and by no foreign key in the database. */
@Entity('venue')
export class Venue {
  @PrimaryColumn() id!: number;
  @Column({ length: 20 }) code!: string;
  @Column({ length: 100 }) name!: string;
}

@Entity('concert')
@Searchable({ index: 'concerts' })
export class Concert {
  @PrimaryColumn() id!: number;
  @Searchable('name')
  @ManyToOne(() => Venue, { nullable: true, createForeignKeyConstraints: false })
  @JoinColumn({ name: 'venue_code', referencedColumnName: 'code' })
  venue!: Venue | null;
}

export const SHAPES = [Venue, Concert, Content, Article, Picture, Node, OrderLine, LongName, Label, Parcel];
