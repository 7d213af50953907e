import { type MeilisearchBackend, meilisearch } from 'scrypath/meilisearch';
import { engineError, hang, json, stubEngine, text } from './stub-engine.js';

describe('the tasks of the engine', () => {
  let stub: Awaited<ReturnType<typeof stubEngine>>;
  let backend: MeilisearchBackend;
  const task = (status: string) => ({ uid: 7, indexUid: 'movies', status, type: 'settingsUpdate', error: null });
  const listed = (status: string) => json(200, { results: [task(status)] });

  beforeEach(async () => {
    stub = await stubEngine();
    backend = meilisearch({ host: stub.url, timeoutMs: 100 });
  });
  afterEach(async () => {
    await backend.close();
    await stub.stop();
  });

  it('are given whole at their end, also when they failed', async () => {
    const failed = { ...task('failed'), details: { x: 1 }, error: { code: 'internal', message: 'Oops.' } };
    stub.replies(listed('processing'), listed('failed'), json(200, failed));
    expect(await backend.waitTask(7, { timeoutMs: 10_000 })).toEqual(failed);
  });

  it('that do not end in time: TASK_TIMEOUT with the task, after one look at least', async () => {
    stub.replies(listed('processing'), json(200, task('processing')));
    await expect(backend.waitTask(7, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'TASK_TIMEOUT',
      index: 'movies',
      task: { id: 7, index: 'movies' },
      message: expect.stringContaining('Task 7 (settingsUpdate) was still processing'),
    });
    expect(stub.requests.map(({ url }) => url)).toEqual(['/tasks?uids=7&limit=1', '/tasks/7']);
  });

  it('that it does not list: TASK_UNKNOWN with the task', async () => {
    stub.replies(json(200, { results: [] }), engineError(404, 'task_not_found', 'Task `7` not found.'));
    await expect(backend.waitTask(7, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'TASK_UNKNOWN',
      task: { id: 7 },
    });
  });

  it('name their index, and the one that it is about, when they cannot be asked for', async () => {
    const [first, second] = [
      { id: 7, index: 'movies' },
      { id: 8, index: 'movies' },
    ];
    stub.replies(text(502, 'Bad Gateway'));
    await expect(backend.outcomes([first])).rejects.toMatchObject({
      code: 'BACKEND_BROKEN',
      index: 'movies',
      task: first,
      message: expect.stringContaining('task 7'),
    });
    const ofTwo = await backend.outcomes([first, second]).catch((failure: unknown) => failure);
    expect(ofTwo).toMatchObject({ index: 'movies' });
    expect(ofTwo).not.toHaveProperty('task');
    const ofBoth = await backend.outcomes([first, { id: 8, index: 'people' }]).catch((failure: unknown) => failure);
    expect(ofBoth).toMatchObject({ code: expect.any(String) });
    expect(ofBoth).not.toHaveProperty('index');
    stub.replies(hang);
    await expect(backend.task(7)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT', task: { id: 7 } });
  });

  it('keep their last known outcome when the engine goes away during a wait', async () => {
    stub.replies(
      json(200, {
        results: [
          { uid: 7, status: 'succeeded', error: null },
          { uid: 8, status: 'processing', error: null },
        ],
      }),
      text(502, 'Bad Gateway'),
    );
    const tasks = [7, 8].map((id) => ({ id, index: 'movies' }));
    const outcomes = await backend.outcomes(tasks, { waitMs: 50 });
    expect(outcomes.map(({ status }) => status)).toEqual(['succeeded', 'processing']);
    expect(stub.requests.length).toBeGreaterThan(1);
    expect(new Set(stub.requests.slice(1).map(({ url }) => url))).toEqual(new Set(['/tasks?uids=8&limit=1']));
  });
});
