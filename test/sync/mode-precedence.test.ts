import { Scrypath, Searchable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { onEveryEngine, openDatabase, openEngine } from '../stacks/stack';

onEveryEngine('the mode of a verb', (stack) => {
  @Entity()
  @Searchable({ mode: 'manual' })
  class Manual {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Plain {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
  }
  const record = { id: 1, name: 'n' };

  it.each([
    ['inline without any choice', undefined, Plain, undefined, 'inline'],
    ["the instance's", 'manual', Plain, undefined, 'manual'],
    ["the entity's over the instance's", 'inline', Manual, undefined, 'manual'],
    ["the call's over the entity's", 'manual', Manual, 'inline', 'inline'],
  ] as const)('is %s', async (_name, ofInstance, entity, ofCall, expected) => {
    const { dataSource, drop } = await openDatabase('sqlite', [Manual, Plain]);
    const backend = openEngine(stack.engine);
    const prefix = `mode${Date.now()}`;
    const scrypath = new Scrypath({ dataSource, backend, prefix, ...(ofInstance && { sync: { mode: ofInstance } }) });
    const { indexes } = await scrypath.start();
    const service = scrypath.for<Plain>(entity);
    const { mode, status } = await service.syncRecord(
      Object.assign(new entity(), record),
      ofCall ? { mode: ofCall } : {},
    );
    expect([mode, status]).toEqual([expected, expected === 'inline' ? 'completed' : 'accepted']);
    await scrypath.drain();
    await Promise.all(indexes.map(({ index }) => backend.indexes.drop(index)));
    await scrypath.close();
    await drop();
  });
});
