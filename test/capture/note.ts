import { Searchable } from 'scrypath';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
@Searchable()
export class Note {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() text!: string;
}
