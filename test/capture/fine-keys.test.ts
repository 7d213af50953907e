import { Searchable } from 'scrypath';
import { Column, CreateDateColumn, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';

@Entity()
@Searchable({ index: 'gauges' })
class Gauge {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable('value')
  @OneToMany(
    () => Reading,
    (reading) => reading.gauge,
  )
  readings!: Relation<Reading>[];
}

@Entity()
class Reading {
  /** With microseconds, which a Date does not have. */
  @CreateDateColumn({ primary: true, precision: 6 }) at!: Date;
  @Column() value!: string;
  @ManyToOne(
    () => Gauge,
    (gauge) => gauge.readings,
  )
  gauge!: Relation<Gauge>;
}

onEveryDatabase('a captured write of rows with a key finer than a Date', ({ use, database }) => {
  const stack = use([Gauge, Reading], { sync: { mode: 'queued' }, capture: 'orm' });
  const onServers = database === 'sqlite' ? it.skip : it;

  onServers('changes the rows that it would have changed', async () => {
    const { dataSource } = stack;
    const gauge = await dataSource.getRepository(Gauge).save({});
    await dataSource.query(
      database === 'postgres'
        ? `INSERT INTO reading (at, value, "gaugeId") VALUES ('2020-01-01 00:00:00.123456', 'one', ${gauge.id})`
        : `INSERT INTO reading (at, value, gaugeId) VALUES ('2020-01-01 00:00:00.123456', 'one', ${gauge.id})`,
    );
    await dataSource.query('DELETE FROM scrypath_outbox');
    await dataSource.getRepository(Reading).update({ value: 'one' }, { value: 'two' });
    expect(await dataSource.query('SELECT value FROM reading')).toEqual([{ value: 'two' }]);
    expect((await dataSource.query('SELECT entity FROM scrypath_outbox')).length).toBe(1);
    const other = await dataSource.getRepository(Gauge).save({});
    await dataSource.getRepository(Reading).update({ value: 'two' }, { gauge: other });
    expect((await dataSource.query('SELECT * FROM reading'))[0].gaugeId).toBe(other.id);
    await dataSource.getRepository(Reading).delete({ value: 'two' });
    expect(await dataSource.query('SELECT value FROM reading')).toEqual([]);
  });
});
