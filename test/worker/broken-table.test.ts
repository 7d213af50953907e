import { Searchable } from 'scrypath';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';
import { until } from './senders';

@Entity()
@Searchable({ index: 'sound' })
class Sound {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
}

@Entity()
@Searchable({ index: 'broken' })
class Broken {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
}

onEveryDatabase('a table that the database refuses', ({ use }) => {
  const said: string[] = [];
  const stack = use([Sound, Broken], {
    sync: { mode: 'queued' },
    capture: 'orm',
    outbox: { lockMs: 10_000, requestMs: 5_000 },
    logger: { warn: () => undefined, error: (message) => said.push(message) },
  });
  const waiting = async (entity: string) =>
    Number((await stack.dataSource.query(`SELECT COUNT(*) AS n FROM scrypath_outbox WHERE entity = '${entity}'`))[0].n);

  it('stops the work of its own entity, and no other', async () => {
    await stack.dataSource.getRepository(Broken).save({ title: 'broken' });
    await stack.dataSource.getRepository(Sound).save({ title: 'sound' });
    await stack.dataSource.query('ALTER TABLE broken RENAME COLUMN title TO name');
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    await until(async () => (await waiting('Sound')) === 0);
    await stack.dataSource.getRepository(Sound).save({ title: 'another' });
    await until(async () => (await waiting('Sound')) === 0);
    expect(await waiting('Broken')).toBe(1);
    expect(said.length).toBeGreaterThan(0);

    await stack.dataSource.query('ALTER TABLE broken RENAME COLUMN name TO title');
    await until(async () => (await waiting('Broken')) === 0);
    await worker.stop();
    expect((await stack.for(Broken).search('broken')).hits).toHaveLength(1);
  });
});
