import { onEveryEngine } from '../stacks/stack';
import { aPrefix, EVERYTHING, STEADY, senderOf, until } from '../worker/senders';
import { aNote, CanaryNote } from './canary';
import { EVERYTHING_OPTIONS, QUIET } from './everything';
import { type Heard, hearEverything } from './heard';

onEveryEngine('documents that are told as applied', (stack) => {
  const prefix = aPrefix();
  const opened = stack.use([CanaryNote], { ...EVERYTHING_OPTIONS, capture: 'none', prefix });
  const notes = () => opened.for(CanaryNote);
  const saved = () => opened.dataSource.getRepository(CanaryNote).save(aNote());
  const rows = async () => (await opened.dataSource.query('SELECT * FROM scrypath_outbox')).length as number;

  async function applied(run: () => Promise<unknown>) {
    const listening = hearEverything();
    try {
      await run();
    } finally {
      listening.stop();
    }
    const isOne = ({ channel }: Heard) => channel === 'scrypath:documents:applied';
    return listening.heard.filter(isOne).map(({ message }) => message);
  }
  const worked = async () => {
    const worker = opened.scrypath.worker({ pollMs: 20 });
    await worker.start();
    await until(async () => (await rows()) === 0);
    await worker.stop();
  };

  it('are one for a record, however often it was marked', async () => {
    const note = await saved();
    for (let times = 0; times < 3; times += 1) await notes().syncRecord(note);
    expect(await rows()).toBe(3);
    expect(await applied(worked)).toEqual([{ entity: 'CanaryNote', documents: 1, source: 'outbox' }]);
  });

  it('are told by whoever settled their work, and by nobody else', async () => {
    const { dataSource, backend } = opened;
    const sender = senderOf({ dataSource, backend, prefix, logger: QUIET, times: STEADY });
    const settledElsewhere = (rows: string) =>
      applied(async () => {
        await notes().syncRecords([await saved(), await saved()]);
        await until(async () => {
          await sender.drain(EVERYTHING);
          return (
            (await dataSource.query("SELECT * FROM scrypath_outbox WHERE state <> 'backend_accepted'")).length === 0
          );
        });
        await dataSource.query(`DELETE FROM scrypath_outbox ${rows}`);
        while (sender.settler.inFlight > 0) await sender.settler.settle(1_000);
      });
    expect(await settledElsewhere('')).toEqual([]);
    const told = await settledElsewhere('WHERE id = (SELECT min(id) FROM scrypath_outbox)');
    expect(told.map(({ documents }) => documents)).toEqual([1]);
    await sender.close();
  });

  it('are not told of work that failed', async () => {
    opened.faults.failTask('upsert', { code: 'index_not_accessible', kind: 'engine' });
    const note = await saved();
    await notes().syncRecord(note);
    const heard = await applied(async () => {
      const worker = opened.scrypath.worker({ pollMs: 20 });
      await worker.start();
      await until(async () => (await rows()) === 0);
      await worker.stop();
    });
    expect(heard).toEqual([{ entity: 'CanaryNote', documents: 1, source: 'outbox' }]);
  });
});
