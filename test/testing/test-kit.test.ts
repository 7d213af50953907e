import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createTestScrypath, SimulatedCrash, type TestScrypath } from 'scrypath/testing';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { openDatabase } from '../stacks/stack';

describe('the test kit', () => {
  let kit: TestScrypath;
  let database: Awaited<ReturnType<typeof openDatabase>>;
  const movies = () => kit.scrypath.for(Movie);
  const save = (title: string) => database.dataSource.getRepository(Movie).save(aMovie({ title }));
  const titles = async () => (await movies().search('')).hits.map(({ title }) => title);

  beforeAll(async () => {
    database = await openDatabase('sqlite', MOVIE_ENTITIES);
    kit = await createTestScrypath(database.dataSource, {
      capture: 'orm',
      logger: { warn: () => {}, error: () => {} },
    });
  });
  afterEach(() => kit.reset());
  afterAll(async () => {
    await kit.close();
    await database.drop();
  });

  it('needs no server: what is saved is found', async () => {
    await save('Kit one');
    await kit.drain();
    expect(await titles()).toEqual(['Kit one']);
  });

  it('reset() empties the indexes and takes faults back', async () => {
    kit.faults.fail('search', { times: 5 });
    await kit.reset();
    expect(await titles()).toEqual([]);
  });

  it('fail: the call rejects, so many times, and reaches nothing', async () => {
    const movie = await save('Kit fails');
    await kit.reset();
    kit.faults.fail('upsert', { times: 2 });
    for (const _ of [1, 2])
      await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect(await titles()).toEqual([]);
    expect((await movies().syncRecord(movie)).status).toBe('completed');
  });

  it('drop: the request is lost; timeOut: only the answer is', async () => {
    const movie = await save('Kit lost');
    await kit.reset();
    kit.faults.drop('upsert');
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    await kit.drain();
    expect(await titles()).toEqual([]);
    kit.faults.timeOut('upsert');
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    await movies().deleteDocument('none');
    expect(await titles()).toEqual(['Kit lost']);
  });

  it('failTask: the work is accepted and nothing of it is there', async () => {
    const movie = await save('Kit poison');
    await kit.reset();
    kit.faults.failTask('upsert', { times: 2, code: 'poison' });
    const { task } = await movies().syncRecord(movie, { mode: 'manual' });
    expect(await kit.backend.outcomes([task!])).toMatchObject([{ status: 'failed', error: { code: 'poison' } }]);
    await expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect(await titles()).toEqual([]);
  });

  it('stall: the task goes on once it is released', async () => {
    const movie = await save('Kit stalled');
    await kit.reset();
    kit.faults.stall('upsert');
    const { task } = await movies().syncRecord(movie, { mode: 'manual' });
    expect(await kit.backend.outcomes([task!])).toMatchObject([{ status: 'processing' }]);
    await kit.faults.release();
    expect(await kit.backend.outcomes([task!], { waitMs: 5000 })).toMatchObject([
      { id: task!.id, status: 'succeeded' },
    ]);
    expect(await titles()).toEqual(['Kit stalled']);
  });

  it('stall: a sync that waits goes on with the release', async () => {
    const movie = await save('Kit waits');
    await kit.reset();
    kit.faults.stall('upsert');
    const sync = movies().syncRecord(movie, { timeoutMs: 60_000 });
    setTimeout(() => void kit.faults.release(), 20);
    expect((await sync).status).toBe('completed');
    kit.faults.stall('upsert');
    const pending = movies().syncRecord(movie, { timeoutMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await kit.reset();
    expect((await pending).status).toBe('completed');
  });

  it('delay: the call takes its time and succeeds', async () => {
    const movie = await save('Kit slow');
    kit.faults.delay('upsert', 20);
    expect((await movies().syncRecord(movie)).status).toBe('completed');
  });

  it.each(['before', 'after'] as const)(
    'crash %s a call: nothing later gets through until it is cleared',
    async (when) => {
      const movie = await save(`Kit crash`);
      await kit.reset();
      kit.faults.crash('upsert', when);
      await expect(movies().syncRecord(movie)).rejects.toBeInstanceOf(SimulatedCrash);
      await expect(movies().search('')).rejects.toBeInstanceOf(SimulatedCrash);
      await kit.faults.clear();
      await movies().deleteDocument('none');
      expect(await titles()).toEqual(when === 'after' ? ['Kit crash'] : []);
    },
  );
});

it("an adopter's own Jest test ends by itself, with no open handle", () => {
  const root = join(__dirname, '../..');
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/jest/bin/jest.js'),
      '--config',
      join(root, 'examples/testing/jest.config.js'),
      '--detectOpenHandles',
    ],
    { cwd: root, encoding: 'utf8', timeout: 60_000 },
  );
  expect(stderr).toMatch(/Tests:\s+2 passed, 2 total/);
  expect(stderr).not.toMatch(/open handle|did not exit/);
  expect(status).toBe(0);
}, 70_000);
