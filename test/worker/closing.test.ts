import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Film, Note } from './entities';
import { rowsOf, STEADY } from './senders';

onEveryDatabase('an instance that is closed', ({ database }) => {
  it('while a transaction is open loses nothing of what that has written by then', async () => {
    const { dataSource, drop } = await openDatabase(database, [Film, Note]);
    const scrypath = new Scrypath({
      dataSource,
      backend: embedded(),
      sync: { mode: 'queued' },
      capture: 'orm',
      outbox: STEADY,
    });
    await scrypath.start();
    const subscribed = dataSource.subscribers.length;
    const film = await dataSource.getRepository(Film).save({ title: 'One' });
    await dataSource.query('DELETE FROM scrypath_outbox');
    await dataSource.transaction(async (manager) => {
      await manager.save(Film, { ...film, title: 'Two' });
      await scrypath.close();
    });
    expect((await rowsOf(dataSource)).length).toBe(1);
    expect(dataSource.subscribers.length).toBeLessThan(subscribed - 1);
    await drop();
  });
});
