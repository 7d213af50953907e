import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Note {
  @PrimaryGeneratedColumn() id!: number;
  @Column() text!: string;
}

/** A composite key whose parts need every escape. */
@Entity()
export class Page {
  @PrimaryColumn({ length: 100 }) book!: string;
  @PrimaryColumn('bigint') number!: string;
}

@Entity()
export class Ticket {
  @PrimaryGeneratedColumn('uuid') id!: string;
}

@Entity()
export class Counter {
  @PrimaryColumn('bigint') id!: string;
}
