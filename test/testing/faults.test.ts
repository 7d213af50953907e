import { type Faults, withFaults } from 'scrypath/testing';
import type { Backend } from '../../src/backend/backend.js';
import { mayHaveBeenTaken } from '../../src/backend/may-have-been-taken.js';
import type { TaskRef } from '../../src/backend/task.js';
import { embedded } from '../../src/embedded/index.js';

const document = (key: string, title = key) => ({ key, data: { title }, source: 'fields' as const });
const holds = (key: string) => (documents: readonly { readonly key: string }[]) =>
  documents.some((written) => written.key === key);

describe('the faults of a backend', () => {
  let engine: Backend;
  let backend: Backend;
  let faults: Faults;
  const statuses = async (...tasks: readonly TaskRef[]) =>
    (await backend.outcomes(tasks, { waitMs: 10_000 })).map(({ status }) => status);
  /** What the engine itself holds, once everything that it has accepted is done. */
  const held = async (): Promise<Record<string, unknown>> => {
    await engine.outcomes([await engine.indexes.apply('movies', {})], { waitMs: 10_000 });
    const found: Record<string, unknown> = {};
    for await (const page of engine.documents.scan('movies')) for (const { key, data } of page) found[key] = data.title;
    return found;
  };
  const write = async (...keys: string[]) =>
    backend.upsert(
      'movies',
      keys.map((key) => document(key)),
      { batch: `batch-${keys}` },
    );

  beforeEach(() => {
    engine = embedded();
    ({ backend, faults } = withFaults(engine));
  });
  afterEach(() => backend.close!());

  it('late: the request arrives behind what was sent meanwhile, and nobody is told', async () => {
    faults.late('upsert', Infinity);
    const told: TaskRef[] = [];
    const onAccepted = (task: TaskRef) => void told.push(task);
    const failure = await backend.upsert('movies', [document('1', 'old')], { onAccepted }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'BACKEND_TIMEOUT' });
    expect(mayHaveBeenTaken(failure)).toBe(true);
    await backend.upsert('movies', [document('1', 'new')]);
    expect(await held()).toEqual({ 1: 'new' });
    await faults.release();
    expect(await held()).toEqual({ 1: 'old' });
    expect(told).toEqual([]);
  });

  it('late: it arrives by itself after its time, also when its caller has left', async () => {
    const aborts = new AbortController();
    faults.late('remove', 5);
    await write('1');
    await expect(backend.remove('movies', ['1'], { signal: aborts.signal })).rejects.toMatchObject({
      code: 'BACKEND_TIMEOUT',
    });
    aborts.abort();
    while (Object.keys(await held()).length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  it('duplicate: the request is carried out twice, and the first is told of', async () => {
    const batch = 'b';
    const [before] = await backend.upsert('movies', [document('1')]);
    faults.duplicate('upsert');
    const told: TaskRef[] = [];
    const tasks = await backend.upsert('movies', [document('1', 'twice')], {
      batch,
      onAccepted: (ref) => told.push(ref),
    });
    const [after] = await backend.upsert('movies', [document('2')]);
    expect(tasks).toEqual([{ id: before!.id + 1, index: 'movies', batch, count: 1 }]);
    expect(told).toEqual(tasks);
    expect(after!.id).toBe(before!.id + 3);
    expect(await held()).toEqual({ 1: 'twice', 2: '2' });
  });

  it('vanish: the work is done, and its task is unknown once it has ended', async () => {
    faults.vanish('upsert');
    const tasks = [...(await write('1')), ...(await write('2'))];
    expect((await backend.outcomes(tasks)).map(({ status }) => status)).toEqual(['enqueued', 'enqueued']);
    expect(await statuses(...tasks)).toEqual(['unknown', 'succeeded']);
    expect(await held()).toEqual({ 1: '1', 2: '2' });
  });

  it('failTask: only the calls that it is meant for, so many times', async () => {
    faults.failTask('upsert', { when: holds('bad'), times: 2, document: 'bad' });
    faults.failTask('remove', { when: holds('bad'), code: 'internal' });
    const tasks = [
      ...(await write('1')),
      ...(await write('2', 'bad')),
      ...(await backend.remove('movies', ['bad'])),
      ...(await write('bad')),
      ...(await write('bad', '3')),
    ];
    expect(await statuses(...tasks)).toEqual(['succeeded', 'failed', 'failed', 'failed', 'succeeded']);
    const outcomes = await backend.outcomes(tasks);
    expect(outcomes[1]).toEqual({
      ...tasks[1]!,
      batch: 'batch-2,bad',
      count: 2,
      status: 'failed',
      error: {
        code: 'invalid_document_fields',
        message: 'A simulated failure.',
        document: 'bad',
        kind: 'document',
      },
    });
    expect(outcomes[2]!.error).toMatchObject({ code: 'internal', document: null, kind: 'engine' });
    expect(await held()).toEqual({ 1: '1', bad: 'bad', 3: '3' });
  });

  it('failTask together: all that wait for the index fail along, and alone only the bad one does', async () => {
    faults.failTask('upsert', { when: holds('bad'), together: true, times: Infinity, document: 'bad' });
    const joined = [...(await write('1')), ...(await write('bad')), ...(await write('2'))];
    const elsewhere = await backend.upsert('books', [document('1')]);
    expect(await backend.backlog!()).toBe(4);
    expect(await statuses(...joined, ...elsewhere)).toEqual(['failed', 'failed', 'failed', 'succeeded']);
    expect((await backend.outcomes(joined)).map(({ error }) => error!.document)).toEqual(['bad', 'bad', 'bad']);
    expect(await held()).toEqual({});
    for (const key of ['1', 'bad', '2']) {
      expect(await statuses(...(await write(key)))).toEqual([key === 'bad' ? 'failed' : 'succeeded']);
    }
    expect(await held()).toEqual({ 1: '1', 2: '2' });
    expect(await backend.backlog!()).toBe(0);
  });

  it('failTask together: what waits keeps its order, and goes before a change of the index', async () => {
    faults.failTask('upsert', { when: holds('bad'), together: true });
    const tasks = [
      ...(await backend.upsert('movies', [document('1', 'first')], { batch: 'a' })),
      ...(await backend.remove('movies', ['1'])),
      ...(await backend.upsert('movies', [document('1', 'second')])),
    ];
    expect(await engine.indexes.get('movies')).toBeNull();
    const dropped = await backend.indexes.drop('movies');
    expect(await statuses(...tasks, dropped)).toEqual(tasks.concat(dropped).map(() => 'succeeded'));
    await write('3');
    await faults.clear();
    await write('4');
    expect(await held()).toEqual({ 3: '3', 4: '4' });
  });

  it('clear: nothing of what was set strikes, and late requests arrive', async () => {
    faults.late('upsert', Infinity);
    faults.duplicate('upsert');
    faults.failTask('upsert', { times: Infinity });
    await expect(write('1')).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    await faults.clear();
    expect(await statuses(...(await write('2')))).toEqual(['succeeded']);
    expect(await held()).toEqual({ 1: '1', 2: '2' });
  });
});
