import { type EmbeddedBackend, embedded } from '../../src/embedded/index.js';
import { StoredIndex } from '../../src/embedded/stored-index.js';
import { ended, film, films, keysOf, succeeded } from './films.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the work of an embedded engine', () => {
  let backend: EmbeddedBackend;
  beforeEach(() => {
    backend = embedded();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await backend.close();
  });

  it('is done after the call that asked for it', async () => {
    const [task] = await backend.upsert('films', films(1));
    expect(await backend.outcomes([task!])).toEqual([{ ...task, status: 'enqueued', error: null }]);
    await expect(keysOf(backend, 'films')).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
    await succeeded(backend, task!);
    expect(await keysOf(backend, 'films')).toEqual(['f0']);
  });

  it('is done in the order in which it was asked for', async () => {
    const tasks = [
      await backend.indexes.drop('films'),
      ...(await backend.upsert('films', [film('1', { title: 'first' })])),
      ...(await backend.upsert('films', [film('1', { title: 'second' }), film('2', { title: 'second' })])),
      ...(await backend.remove('films', ['2'])),
      await backend.indexes.create('other'),
      await backend.indexes.swap('films', 'other'),
      ...(await backend.upsert('films', [film('3', { title: 'third' })])),
    ];
    expect(tasks.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect((await ended(backend, ...tasks)).map(({ status, error }) => error?.code ?? status)).toEqual([
      'index_not_found',
      ...Array.from({ length: 6 }, () => 'succeeded'),
    ]);
    expect(await keysOf(backend, 'films')).toEqual(['3']);
    expect(await backend.documents.fetch('other', ['1', '2'])).toEqual([{ key: '1', data: { title: 'second' } }]);
  });

  it('takes what was given when it was asked for, whatever becomes of that later', async () => {
    const data = { title: 'before' };
    const settings = { stopWords: ['the'] };
    const tasks = [
      ...(await backend.upsert('films', [film('1', data)])),
      await backend.indexes.apply('films', settings),
    ];
    data.title = 'after';
    settings.stopWords.push('of');
    await succeeded(backend, ...tasks);
    expect(await backend.documents.fetch('films', ['1'])).toEqual([{ key: '1', data: { title: 'before' } }]);
    expect((await backend.indexes.settings('films')).stopWords).toEqual(['the']);
  });

  it('gives other code its turn in the middle of a task, and then shows a whole number of documents', async () => {
    const [task] = await backend.upsert('films', films(20_000));
    const seen = new Set<number>();
    for (;;) {
      await turn();
      const [outcome] = await backend.outcomes([task!]);
      if (outcome!.status === 'succeeded') break;
      const index = await backend.indexes.get('films');
      if (index === null) continue;
      const { documents } = await backend.indexes.stats('films');
      expect(await keysOf(backend, 'films', { text: 'film' })).toHaveLength(Math.min(documents, 1000));
      seen.add(documents);
    }
    seen.delete(0);
    seen.delete(20_000);
    expect(seen.size).toBeGreaterThan(3);
  });

  it('gives other code its turn while words are made anew, and shows the old ones until it is done', async () => {
    await succeeded(backend, ...(await backend.upsert('films', films(10_000))));
    const rebuild = await backend.indexes.apply('films', { searchableAttributes: ['year'] });
    let turns = 0;
    for (; (await backend.outcomes([rebuild]))[0]!.status !== 'succeeded'; turns += 1) {
      expect(await keysOf(backend, 'films', { text: '"film number 77"' })).toEqual(['f77']);
      await turn();
    }
    expect(turns).toBeGreaterThan(3);
    expect(await keysOf(backend, 'films', { text: '"film number 77"' })).toEqual([]);
  });

  it('fails alone when something breaks in it, leaves no trace, and the work after it is done', async () => {
    await succeeded(backend, ...(await backend.upsert('films', films(2))));
    const upsert = StoredIndex.prototype.upsert;
    jest.spyOn(StoredIndex.prototype, 'upsert').mockImplementationOnce(function* (this: StoredIndex, documents) {
      const steps = upsert.call(this, documents);
      steps.next();
      yield;
      throw new Error('the disk is full');
    });
    const tasks = [
      ...(await backend.upsert('films', films(1, 10))),
      ...(await backend.upsert('films', films(1, 20))),
      ...(await backend.remove('films', ['f0'])),
    ];
    expect((await ended(backend, ...tasks)).map(({ status, error }) => [status, error])).toEqual([
      ['failed', { code: 'internal', message: 'the disk is full', document: null, kind: 'engine' }],
      ['succeeded', null],
      ['succeeded', null],
    ]);
    expect(await keysOf(backend, 'films')).toEqual(['f1', 'f20']);
    expect(await keysOf(backend, 'films', { text: '"film number 20"' })).toEqual(['f20']);
    expect(await keysOf(backend, 'films', { text: '"film number 10"' })).toEqual([]);
  });

  it('fails when documents bring more fields than an index can have, and the index stays as it was', async () => {
    await succeeded(backend, ...(await backend.upsert('films', films(2))));
    const wide = Object.fromEntries(Array.from({ length: 65_536 }, (_, i) => [`field${i}`, 1]));
    const tasks = [
      ...(await backend.upsert('films', [film('wide', wide)])),
      ...(await backend.upsert('films', films(3))),
    ];
    expect(await ended(backend, ...tasks)).toMatchObject([
      { status: 'failed', error: { code: 'max_fields_limit_exceeded' } },
      { status: 'succeeded' },
    ]);
    expect(await keysOf(backend, 'films')).toEqual(['f0', 'f1', 'f2']);
    expect(await keysOf(backend, 'films', { text: '"film number 2"' })).toEqual(['f2']);
  });

  it('is told of to everybody who waits, as soon as it has ended', async () => {
    const [first] = await backend.upsert('films', films(1));
    const [second] = await backend.upsert('films', films(3000));
    const waiting = Array.from({ length: 20 }, () => ended(backend, first!));
    const all = ended(backend, second!, first!);
    await Promise.all(waiting);
    expect(await backend.outcomes([second!])).not.toMatchObject([{ status: 'succeeded' }]);
    expect(await all).toMatchObject([
      { id: second!.id, status: 'succeeded' },
      { id: first!.id, status: 'succeeded' },
    ]);
  });

  it('is waited for no longer than was asked for, nor than a signal allows', async () => {
    const [task] = await backend.upsert('films', films(5000));
    expect(await backend.outcomes([task!], { waitMs: 1 })).not.toMatchObject([{ status: 'succeeded' }]);
    const reason = new Error('enough');
    const abort = new AbortController();
    const waiting = backend.outcomes([task!], { waitMs: 60_000, signal: abort.signal });
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(backend.upsert('films', films(1), { signal: abort.signal })).rejects.toBe(reason);
    await succeeded(backend, task!);
  });

  it('has its last hundred thousand outcomes known, and earlier ones not', async () => {
    const tasks = [];
    for (let i = 0; i < 101_500; i += 1) tasks.push(await backend.indexes.drop('films'));
    await ended(backend, tasks.at(-1)!);
    const outcomes = await backend.outcomes(tasks);
    expect(outcomes.at(-1)).toMatchObject({ status: 'failed', error: { code: 'index_not_found' } });
    expect(outcomes.slice(-100_000).every(({ status }) => status === 'failed')).toBe(true);
    expect(outcomes[0]).toEqual({ ...tasks[0], status: 'unknown', error: null });
  });
});

describe('a closed embedded engine', () => {
  it('refuses every call, and a wait that is going on', async () => {
    const backend = embedded();
    const [task] = await backend.upsert('films', films(3000));
    const waiting = expect(ended(backend, task!)).rejects.toMatchObject({ code: 'CLOSED' });
    await backend.close();
    await backend.close();
    await waiting;
    const calls: readonly (() => Promise<unknown>)[] = [
      () => backend.upsert('films', films(1)),
      () => backend.remove('films', ['f0']),
      () => backend.outcomes([task!]),
      () => keysOf(backend, 'films'),
      () => backend.documents.fetch('films', ['f0']),
      () => backend.documents.scan('films')[Symbol.asyncIterator]().next(),
      () => backend.indexes.create('films'),
      () => backend.indexes.get('films'),
      () => backend.indexes.settings('films'),
      () => backend.indexes.apply('films', {}),
      () => backend.indexes.swap('films', 'other'),
      () => backend.indexes.drop('films'),
      () => backend.indexes.stats('films'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('ends a scan that is going on', async () => {
    const backend = embedded();
    await succeeded(backend, ...(await backend.upsert('films', films(10))));
    const pages = backend.documents.scan('films', { pageSize: 3 })[Symbol.asyncIterator]();
    expect((await pages.next()).value).toHaveLength(3);
    await backend.close();
    await expect(pages.next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
