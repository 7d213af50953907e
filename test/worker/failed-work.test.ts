import { onEveryDatabase } from '../stacks/stack';
import { Film, Note, whims } from './entities';
import { aPrefix, EVERYTHING, rowsOf, STEADY, senderOf, until } from './senders';

onEveryDatabase('failed work', ({ use }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], {
    sync: { mode: 'queued' },
    outbox: { ...STEADY, maxAttempts: 1 },
    prefix,
  });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix, times: STEADY, maxAttempts: 1 });

  afterEach(async () => {
    await stack.faults.clear();
    Object.assign(whims, { failsToLoad: '', failsToProject: '' });
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('DELETE FROM film');
    await stack.dataSource.query('UPDATE scrypath_index SET isolating = 0, in_flight = NULL');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  async function discarded(title: string) {
    const film = await repository().save({ title });
    whims.failsToProject = title;
    await expect(films().syncRecord(film, { mode: 'inline' })).rejects.toMatchObject({ code: 'PROJECTION_FAILED' });
    const { items } = await stack.scrypath.failedWork();
    const item = items.find(({ key }) => key === films().keyOf(film))!;
    expect(item).toMatchObject({ state: 'discarded', reason: 'validation', code: 'PROJECTION_FAILED', retryAt: null });
    return { film, item };
  }

  it('has one of five reasons, and each is counted', async () => {
    await discarded('Cannot be projected');
    const sender = senderOf(given());
    const send = async (title: string) => {
      const film = await repository().save({ title });
      await films().syncRecord(film);
      return films().keyOf(film);
    };
    const isKey = (key: string) => ({
      when: (documents: readonly { readonly key: string }[]) => documents.some((document) => document.key === key),
      times: Number.POSITIVE_INFINITY,
    });
    const rejected = await send('Rejected');
    stack.faults.failTask('upsert', { ...isKey(rejected), document: rejected });
    const exhausted = await send('Exhausted');
    stack.faults.failTask('upsert', { ...isKey(exhausted), code: 'internal', kind: 'engine' });
    const settled = async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).filter(({ state }) => state === 'discarded').length === 3;
    };
    await until(settled);
    await stack.faults.clear();
    await send('Away');
    stack.faults.fail('upsert');
    expect(await sender.drain(EVERYTHING)).toMatchObject({ outage: true });
    await send('Forgotten');
    stack.faults.forgetTask('upsert');
    await sender.drain({
      kind: 'ids',
      ids: (await rowsOf(stack.dataSource)).filter(({ state }) => state === 'enqueued').map(({ id }) => id),
    });
    await sender.settler.settle(2_000);
    const { items, counts, next } = await stack.scrypath.failedWork();
    expect(counts).toEqual({
      retrying: 2,
      discarded: 3,
      byReason: { validation: 1, backend_rejected: 1, attempts_exhausted: 1, transport: 1, unknown: 1 },
      engine: {},
    });
    expect(next).toBeNull();
    expect(items).toHaveLength(5);
    const by = new Map(items.map((item) => [item.reason, item]));
    expect(by.get('backend_rejected')).toMatchObject({ key: rejected, state: 'discarded', attempts: 1 });
    expect(by.get('attempts_exhausted')).toMatchObject({ key: exhausted, code: 'internal', attempts: 1 });
    expect(by.get('transport')).toMatchObject({ state: 'retrying', code: 'BACKEND_UNREACHABLE', attempts: 0 });
    expect(by.get('transport')!.retryAt).toBeInstanceOf(Date);
    for (const item of items)
      expect(item).toMatchObject({ entity: 'Film', path: null, retryable: true, cause: 'verb' });
    await sender.close();
  });

  it('comes in pages, of one entity where asked', async () => {
    const saved = await repository().save(Array.from({ length: 5 }, (_, at) => ({ title: `Page ${at}` })));
    await films().syncRecords(saved);
    const note = await stack.dataSource.getRepository(Note).save({ text: 'Away' });
    await stack.for(Note).syncRecord(note);
    stack.faults.fail('upsert', { times: 2 });
    const sender = senderOf(given());
    await sender.drain(EVERYTHING);
    await sender.close();
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; pages += 1) {
      const page = await stack.scrypath.failedWork({ limit: 2, entity: 'Film', ...(after && { after }) });
      expect(page.counts.retrying).toBe(5);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      after = page.next;
    }
    expect([new Set(seen).size, seen.length, pages]).toEqual([5, 5, 2]);
    expect((await stack.scrypath.failedWork({ entity: 'Note' })).items).toHaveLength(1);
    expect((await stack.scrypath.failedWork()).counts.retrying).toBe(6);
  });

  it('is sent again by its id, at once', async () => {
    const { item } = await discarded('Mended kettle');
    whims.failsToProject = '';
    expect(await stack.scrypath.retry(item.id)).toBe(true);
    await stack.scrypath.waitForCompletion(item.id.slice(0, 18));
    expect(await found('mended')).toBe(1);
    expect(await stack.scrypath.retry(item.id)).toBe(false);
    expect((await stack.scrypath.failedWork()).items).toEqual([]);
  });

  it('that the engine had refused goes alone on its retry, and harms nobody', async () => {
    const film = await repository().save({ title: 'Refused' });
    await films().syncRecord(film);
    const key = films().keyOf(film);
    stack.faults.failTask('upsert', {
      when: (documents) => documents.some((document) => document.key === key),
      document: key,
      together: true,
      times: Number.POSITIVE_INFINITY,
    });
    const sender = senderOf(given());
    const step = async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
    };
    const refused = async () => {
      await step();
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    };
    await until(refused);
    const others = await repository().save([{ title: 'Other 1' }, { title: 'Other 2' }]);
    const [{ id }] = (await stack.scrypath.failedWork()).items as unknown as [{ id: string }];
    expect(await stack.scrypath.retry(id)).toBe(true);
    await films().syncRecords(others);
    await until(refused);
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ id }]);
    expect(await found('other')).toBe(2);
    await sender.close();
  });

  it('is given up by its id, and then removed from the list', async () => {
    const film = await repository().save({ title: 'Given up' });
    stack.faults.fail('upsert');
    await expect(films().syncRecord(film, { mode: 'inline' })).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    const [{ id }] = (await stack.scrypath.failedWork()).items as unknown as [{ id: string }];
    expect(await stack.scrypath.discard(id)).toBe(true);
    expect((await stack.scrypath.failedWork()).items).toMatchObject([{ id, state: 'discarded', reason: 'transport' }]);
    await expect(stack.scrypath.waitForCompletion(id.slice(0, 18))).rejects.toMatchObject({ code: 'WORK_DISCARDED' });
    expect(await stack.scrypath.discard(id)).toBe(true);
    expect((await stack.scrypath.failedWork()).items).toEqual([]);
    expect(await stack.scrypath.discard(id)).toBe(false);
  });

  it('is cleared by a newer success of its key, and of no other key', async () => {
    const first = await discarded('First');
    const second = await discarded('Second');
    whims.failsToProject = '';
    await films().syncKeys([first.film.id], { mode: 'inline' });
    expect((await stack.scrypath.failedWork()).items).toMatchObject([{ id: second.item.id }]);
  });

  it('is not cleared by the success of something older, that was still on its way', async () => {
    const film = await repository().save({ title: 'Older state' });
    stack.faults.stall('upsert');
    const { token } = await films().syncRecord(film, { mode: 'manual' });
    await repository().update(film.id, { title: 'Newer state' });
    whims.failsToProject = 'Newer state';
    await expect(films().syncKeys([film.id], { mode: 'inline' })).rejects.toMatchObject({ code: 'PROJECTION_FAILED' });
    await stack.faults.release();
    await stack.scrypath.waitForCompletion(token!);
    expect((await stack.scrypath.failedWork()).items).toMatchObject([{ state: 'discarded', reason: 'validation' }]);
  });
});
