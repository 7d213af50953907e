import { Searchable } from 'scrypath';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
@Searchable({ index: 'books' })
export class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
}
