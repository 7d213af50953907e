import { LostHold } from '../../src/worker/shard-hold';
import { onEveryDatabase } from '../stacks/stack';
import { Film, Note } from './entities';
import {
  aPrefix,
  drainAll,
  EVERYTHING,
  gate,
  hooked,
  openTransactions,
  rowsOf,
  SHORT,
  senderOf,
  takeShardsAway,
  until,
} from './senders';

onEveryDatabase('a sender that loses its shards', ({ use, database }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: SHORT, prefix });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;

  afterEach(async () => {
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  // SQLite has no connections to kill, and no transaction to end: a lease ends by itself.
  const onServers = database === 'sqlite' ? it.skip : it;
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix });

  it('between the claim and the send: nothing is sent, and another sends it', async () => {
    const film = await repository().save({ title: `Lost early ${database}` });
    await films().syncRecord(film);
    const backend = hooked(stack.backend, { claimed: () => takeShardsAway(stack.dataSource) });
    const sender = senderOf({ ...given(), backend });
    await expect(sender.drain(EVERYTHING)).rejects.toBeInstanceOf(LostHold);
    expect(backend.writes).toEqual([]);
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ state: 'enqueued', cause: 'verb' }]);
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
    const other = senderOf(given());
    await drainAll(other, stack.dataSource);
    await sender.close();
    await other.close();
  });

  it('between the send and the mark: fresh rows for every key sent, under the same token', async () => {
    const [kept, gone] = await repository().save([{ title: 'Lost late' }, { title: 'Gone' }]);
    await films().syncKeys([gone!.id], { mode: 'inline' });
    const goneId = gone!.id;
    await repository().delete(goneId);
    const { token } = await films().syncKeys([kept!.id, goneId]);
    let taken = false;
    const backend = hooked(stack.backend, {
      sent: async () => {
        // After the removal, which is the last of the two.
        if (backend.writes.length === 2 && !taken) {
          taken = true;
          await takeShardsAway(stack.dataSource);
        }
      },
    });
    const sender = senderOf({ ...given(), backend });
    await expect(sender.drain(EVERYTHING)).rejects.toBeInstanceOf(LostHold);
    expect(backend.writes).toEqual([[films().keyOf(kept!)], [String(goneId)]]);
    const rows = await rowsOf(stack.dataSource);
    const fresh = rows.filter(({ cause }) => cause === 'repair');
    expect(fresh.map(({ record_key }) => record_key).sort()).toEqual([String(kept!.id), String(goneId)].sort());
    expect(rows.filter(({ cause }) => cause === 'verb')).toHaveLength(2);
    for (const { id } of rows) expect(id.startsWith(token!)).toBe(true);
    if (database === 'sqlite') await stack.dataSource.query('UPDATE scrypath_sending SET holder = NULL');
    await drainAll(sender, stack.dataSource);
    expect(await found('late')).toBe(1);
    expect(await found('gone')).toBe(0);
    await sender.close();
  });

  it('between an upsert and a removal: the removal is not sent, and what was sent is marked anew', async () => {
    const film = await repository().save({ title: 'Half way' });
    await films().syncKeys([film.id, 999_999]);
    let taken = false;
    const backend = hooked(stack.backend, {
      sent: async () => {
        if (!taken) await takeShardsAway(stack.dataSource);
        taken = true;
      },
    });
    const sender = senderOf({ ...given(), backend });
    await expect(sender.drain(EVERYTHING)).rejects.toBeInstanceOf(LostHold);
    expect(backend.writes).toEqual([[films().keyOf(film)]]);
    const fresh = (await rowsOf(stack.dataSource)).filter(({ cause }) => cause === 'repair');
    expect(fresh.map(({ record_key }) => record_key)).toEqual([String(film.id)]);
    if (database === 'sqlite') await stack.dataSource.query('UPDATE scrypath_sending SET holder = NULL');
    await drainAll(sender, stack.dataSource);
    await sender.close();
  });

  onServers('every connection of it is killed: it opens new ones and goes on', async () => {
    const sender = senderOf(given());
    for (let round = 0; round < 3; round += 1) {
      const film = await repository().save({ title: `Killed ${round}` });
      await films().syncRecord(film);
      await drainAll(sender, stack.dataSource);
      await killOthers(stack.dataSource, database);
    }
    await sender.close();
  });

  onServers(
    'frozen behind its claim: the database frees the shards, another sends, and it sends nothing any more',
    async () => {
      const film = await repository().save({ title: 'Frozen' });
      const { token } = await films().syncRecord(film);
      const frozen = gate();
      const reached = gate();
      const backend = hooked(stack.backend, {
        claimed: () => {
          reached.open();
          return frozen.opened;
        },
      });
      const sleeper = senderOf({ ...given(), backend });
      const slept = sleeper.drain(EVERYTHING).catch((error: unknown) => error);
      await reached.opened;
      expect(await openTransactions(stack.dataSource)).toHaveLength(1);
      const other = senderOf(given());
      expect((await other.drain(EVERYTHING)).rows).toBe(0);
      await until(async () => (await other.drain(EVERYTHING)).rows > 0);
      expect(await openTransactions(stack.dataSource)).toHaveLength(0);
      frozen.open();
      expect(await slept).toBeInstanceOf(LostHold);
      expect(backend.writes).toEqual([]);
      await drainAll(other, stack.dataSource);
      expect(await found('frozen')).toBe(1);
      expect(token).not.toBeNull();
      await sleeper.close();
      await other.close();
    },
  );

  it('frozen behind its send: on waking it marks what it sent anew, and the newest state stays', async () => {
    const film = await repository().save({ title: 'Older' });
    await films().syncRecord(film);
    const frozen = gate();
    const reached = gate();
    const backend = hooked(stack.backend, {
      // It has asked whether it holds its shards, and sends long after that.
      sending: () => {
        reached.open();
        return frozen.opened;
      },
    });
    const sleeper = senderOf({ ...given(), backend });
    const slept = sleeper.drain(EVERYTHING).catch((error: unknown) => error);
    await reached.opened;
    await repository().update(film.id, { title: 'Newer' });
    await films().syncKeys([film.id]);
    const other = senderOf(given());
    // The other one succeeds, in the end for good: after the grace nothing of the sleeper counts as under way.
    await drainAll(other, stack.dataSource);
    expect(await found('newer')).toBe(1);
    frozen.open();
    expect(await slept).toBeInstanceOf(LostHold);
    expect(backend.writes).toHaveLength(1);
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ cause: 'repair', record_key: String(film.id) }]);
    await drainAll(other, stack.dataSource);
    expect(await found('newer')).toBe(1);
    expect(await found('older')).toBe(0);
    await sleeper.close();
    await other.close();
  });

  it('what it could not mark anew at once, it marks before its next batch', async () => {
    const film = await repository().save({ title: 'Owed' });
    await films().syncRecord(film);
    let taken = false;
    const backend = hooked(stack.backend, {
      sent: async () => {
        if (taken) return;
        taken = true;
        await takeShardsAway(stack.dataSource);
        await stack.dataSource.query('ALTER TABLE scrypath_outbox RENAME TO scrypath_hidden');
      },
    });
    const sender = senderOf({ ...given(), backend });
    await expect(sender.drain(EVERYTHING)).rejects.toBeInstanceOf(LostHold);
    await expect(sender.drain(EVERYTHING)).rejects.toThrow(/scrypath_outbox/);
    await stack.dataSource.query('ALTER TABLE scrypath_hidden RENAME TO scrypath_outbox');
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
    expect(await sender.drain(EVERYTHING)).toMatchObject({ rows: 1 });
    await drainAll(sender, stack.dataSource);
    await sender.close();
  });

  it('a statement that fails in a batch gives the shards back, and leaves no transaction open', async () => {
    const film = await repository().save({ title: 'Unreadable' });
    await films().syncRecord(film);
    const sender = senderOf(given());
    await stack.dataSource.query('ALTER TABLE film RENAME TO film_hidden');
    await expect(sender.drain(EVERYTHING)).rejects.toThrow(/film/);
    await expect(sender.drain(EVERYTHING)).rejects.toThrow(/film/);
    await stack.dataSource.query('ALTER TABLE film_hidden RENAME TO film');
    if (database !== 'sqlite') expect(await openTransactions(stack.dataSource)).toEqual([]);
    expect(await sender.drain(EVERYTHING)).toMatchObject({ rows: 1, sent: 1 });
    const [{ state }] = (await rowsOf(stack.dataSource)) as unknown as [{ state: string }];
    expect(['backend_accepted', 'retrying']).toContain(state);
    await drainAll(sender, stack.dataSource);
    await sender.close();
  });
});

async function killOthers(dataSource: import('typeorm').DataSource, database: string): Promise<void> {
  if (database === 'postgres') {
    await dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND query LIKE '%scrypath%'`,
    );
    return;
  }
  const runner = dataSource.createQueryRunner();
  const others: { id: number }[] = await runner.query(
    'SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()',
  );
  for (const { id } of others) await runner.query(`KILL ${id}`).catch(() => undefined);
  await runner.release();
}
