import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity()
export class Director {
  @PrimaryColumn() id!: number;
  @Column() name!: string;
}
