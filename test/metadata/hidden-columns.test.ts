import { Filterable, Scrypath, Searchable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { openDatabase } from '../stacks/stack';

it('columns that TypeORM leaves out by itself are listed where a declared field needs them: of the entity, of an embedded, behind a relation, and with JSON in them', async () => {
  class Box {
    @Filterable() @Column({ select: false }) code!: string;
  }
  @Entity()
  class Owner {
    @PrimaryColumn() id!: number;
    @Column({ select: false }) name!: string;
    @Column('simple-json', { select: false }) meta!: { tags: string[] };
    @Column(() => Box) box!: Box;
    @Column({ select: false }) undeclared!: string;
  }
  @Entity()
  @Searchable()
  class Parcel {
    @PrimaryColumn() id!: number;
    @Searchable() @Filterable() @Column({ select: false }) label!: string;
    @Searchable() @Column() plain!: string;
    @Column({ select: false }) undeclared!: string;
    @Filterable('size.width', 'size.height') @Column('simple-json', { select: false }) details!: object;
    @Column(() => Box) box!: Box;
    @Filterable('name', 'meta.tags', 'box.code') @ManyToOne(() => Owner) owner!: Relation<Owner>;
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Parcel, Owner]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  await scrypath.start();
  const { hiddenColumns } = scrypath.for(Parcel).metadata;
  expect(
    hiddenColumns.toSorted((a, b) => `${a.relation}.${a.property}`.localeCompare(`${b.relation}.${b.property}`)),
  ).toEqual([
    { relation: null, property: 'box.code' },
    { relation: null, property: 'details' },
    { relation: null, property: 'label' },
    { relation: 'owner', property: 'box.code' },
    { relation: 'owner', property: 'meta' },
    { relation: 'owner', property: 'name' },
  ]);
  await scrypath.close();
  await drop();
});
