import { Scrypath, Searchable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, type EntityManager, PrimaryGeneratedColumn } from 'typeorm';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { rowsOf, STEADY } from './senders';

@Entity()
class Rate {
  @PrimaryGeneratedColumn() id!: number;
  @Column() percent!: number;
}

const hook = { run: async (_: EntityManager): Promise<object[]> => [] };

@Entity()
@Searchable<Price>({
  index: 'prices',
  fanOut: [{ from: () => Rate, keys: (_, manager) => hook.run(manager) as never }],
})
class Price {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
}

onEveryDatabase('code of the application that a sender runs', ({ database }) => {
  let opened: Awaited<ReturnType<typeof openDatabase>>;
  let scrypath: Scrypath;

  beforeAll(async () => {
    opened = await openDatabase(database, [Price, Rate]);
    opened.dataSource.subscribers.push({
      listenTo: () => Price,
      afterLoad: (price: Price) => {
        price.title = `${price.title} marmalade`;
      },
    });
    scrypath = new Scrypath({
      dataSource: opened.dataSource,
      backend: embedded(),
      sync: { mode: 'queued' },
      capture: 'orm',
      outbox: STEADY,
    });
    await scrypath.start();
  });

  afterAll(async () => {
    await scrypath.close();
    await opened.drop();
  });

  it('what a subscriber adds to a record as it is loaded is in its document', async () => {
    const { token } = await scrypath.track(() => opened.dataSource.getRepository(Price).save({ title: 'Plum' }));
    await scrypath.waitForCompletion(token!);
    expect((await scrypath.for(Price).search('marmalade')).hits.length).toBe(1);
  });

  it.each([
    ['keeps', async () => []],
    [
      'renames',
      async () => {
        throw new Error('own');
      },
    ],
  ])('a hook that %s an error of the database holds up nothing else', async (_, answer) => {
    hook.run = async (manager) => {
      await manager.query('SELECT nothing FROM nowhere').catch(() => undefined);
      return answer();
    };
    await opened.dataSource.getRepository(Rate).save({ percent: 7 });
    const worker = scrypath.worker({ pollMs: 20 });
    await worker.start();
    const { token } = await scrypath.track(() => opened.dataSource.getRepository(Price).save({ title: 'Quince' }));
    await scrypath.waitForCompletion(token!, { timeoutMs: 10_000 });
    await worker.stop();
    const left = await rowsOf(opened.dataSource);
    expect(left.every(({ state }) => state === 'discarded')).toBe(true);
  });
});
