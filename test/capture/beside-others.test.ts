import { Searchable } from 'scrypath';
import { Column, Entity, type EntitySubscriberInterface, PrimaryColumn } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';

onEveryDatabase("capture 'orm' beside everything else", (stack) => {
  @Entity()
  @Searchable()
  class Left {
    @PrimaryColumn('int') id!: number;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable({
    when: (right: Right) => {
      if (right.name === 'poison') throw new Error('poison');
      return true;
    },
  })
  class Right {
    @PrimaryColumn('int') id!: number;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  class Log {
    @PrimaryColumn('int') id!: number;
  }
  const said: string[] = [];
  const logger = {
    warn: (message: string) => void said.push(message),
    error: (message: string) => {
      said.push(message);
      throw new Error('a logger that throws');
    },
  };
  const opened = stack.use([Left, Right, Log], { capture: 'orm', logger });
  const names = async (entity: new () => { name: string }) =>
    (await opened.for(entity).search('')).hits.map(({ name }) => name).sort();
  beforeEach(async () => {
    said.length = 0;
    await opened.faults.clear();
    for (const entity of [Left, Right, Log]) await opened.dataSource.getRepository(entity).clear();
    for (const entity of [Left, Right]) {
      const service = opened.for(entity as new () => { name: string });
      await service.deleteDocuments((await service.search('', { page: { size: 1000 } })).hits.map(({ _key }) => _key));
    }
  });
  const bothOf = (id: number) =>
    opened.dataSource.transaction(async (manager) => {
      await manager.save(Left, { id, name: `left${id}` });
      await manager.save(Right, { id, name: `right${id}` });
    });

  it('syncs every index of a transaction, also where a subscriber of yours writes after its commit', async () => {
    let writes = 0;
    const yours: EntitySubscriberInterface = {
      afterTransactionCommit: async ({ queryRunner, manager }) => {
        if (!queryRunner.isTransactionActive && writes++ < 1) await manager.save(Log, { id: 1 });
      },
    };
    opened.dataSource.subscribers.push(yours);
    await bothOf(1);
    opened.dataSource.subscribers.splice(opened.dataSource.subscribers.indexOf(yours), 1);
    await opened.scrypath.drain();
    expect([await names(Left), await names(Right), said]).toEqual([['left1'], ['right1'], []]);
  });

  it('syncs every index of a transaction while others begin theirs on the same connection', async () => {
    opened.faults.delay('upsert', 30, { times: 4 });
    const first = bothOf(1);
    await new Promise((resolve) => setTimeout(resolve, 15));
    if (stack.database === 'sqlite')
      await opened.dataSource.transaction(async (manager) => {
        await manager.save(Left, { id: 2, name: 'left2' });
        await new Promise((resolve) => setTimeout(resolve, 60));
      });
    else await bothOf(2);
    await first;
    await opened.scrypath.drain();
    expect(await names(Left)).toEqual(['left1', 'left2']);
    expect(await names(Right)).toEqual(stack.database === 'sqlite' ? ['right1'] : ['right1', 'right2']);
    expect(said).toEqual([]);
  });

  it('syncs the other records of a transaction where one cannot be projected, and says which entity failed', async () => {
    opened.forgetSql();
    await opened.dataSource.getRepository(Right).save([
      { id: 1, name: 'poison' },
      { id: 2, name: 'healthy' },
    ]);
    // One query for all of them: a bad record must not make its transaction read row by row.
    const commit = opened.sql.findIndex((statement) => /^COMMIT/.test(statement));
    expect(opened.sql.slice(commit + 1)).toHaveLength(1);
    expect(await names(Right)).toEqual(['healthy']);
    expect(said).toEqual(['The sync of 1 committed Right failed.']);
  });

  it('lets no logger fail a committed write', async () => {
    opened.faults.fail('upsert');
    await opened.dataSource.getRepository(Left).save({ id: 1, name: 'kept' });
    expect(await opened.dataSource.getRepository(Left).countBy({ id: 1 })).toBe(1);
    expect(said).toHaveLength(1);
  });

  it('goes on after the DataSource was initialized anew', async () => {
    if (stack.database === 'sqlite') return; // In memory: a new connection is another database.
    await opened.dataSource.destroy();
    await opened.dataSource.initialize();
    await opened.dataSource.getRepository(Left).save({ id: 5, name: 'again' });
    await opened.scrypath.drain();
    expect(await names(Left)).toEqual(['again']);
  });
});
