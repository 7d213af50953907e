import { onEveryDatabase } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, STEADY } from './senders';

onEveryDatabase('a call with more keys than one look at its rows shows', ({ use }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: STEADY, prefix });

  it('is accepted when all of them are, and tells of every task', async () => {
    const keys = Array.from({ length: 5_500 }, (_, at) => at + 1);
    const { status, tasks, token } = await stack.for(Film).syncKeys(keys, { mode: 'manual', timeoutMs: 60_000 });
    const states = await stack.dataSource.query('SELECT DISTINCT state FROM scrypath_outbox');
    expect(status).toBe('accepted');
    expect(states).toEqual([{ state: 'backend_accepted' }]);
    expect(tasks.length).toBeGreaterThan(1);
    await stack.scrypath.waitForCompletion(token!, { timeoutMs: 60_000 });
    expect(await stack.dataSource.query('SELECT id FROM scrypath_outbox')).toEqual([]);
  });
});
