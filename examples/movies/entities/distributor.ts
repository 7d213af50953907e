import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity()
export class Distributor {
  @PrimaryColumn() id!: number;
  @Column() name!: string;
}
