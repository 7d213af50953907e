import type { TaskStatus } from '../../src/backend/task.js';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import { outcomesOf, type TaskLook } from '../../src/meilisearch/task-waiter.js';

const refs = (...ids: number[]) => ids.map((id) => ({ id, index: 'movies' }));
const looking = (statuses: Record<number, TaskStatus>): TaskLook =>
  new Map(
    Object.entries(statuses).map(([id, status]) => [Number(id), { status, error: null, batch: null, index: 'movies' }]),
  );

/** An engine that answers each look with the next of the statuses given, and a clock that no test waits for. */
function engine(...looks: (Record<number, TaskStatus> | Error)[]) {
  const asked: (readonly number[])[] = [];
  const pauses: number[] = [];
  return {
    asked,
    pauses,
    wait: {
      look: async (ids: readonly number[]): Promise<TaskLook> => {
        asked.push(ids);
        const look = looks.length > 1 ? looks.shift()! : looks[0]!;
        if (look instanceof Error) throw look;
        return looking(look);
      },
      pause: async (ms: number): Promise<void> => {
        pauses.push(ms);
      },
      pollMs: { first: 5, longest: 250 },
      waitMs: 60_000,
    },
  };
}

/** Every task is listed as succeeded, sent with this batch id to this index. */
const belonging = (batch: string | null, index: string | null) => ({
  ...engine({}).wait,
  look: async (ids: readonly number[]): Promise<TaskLook> =>
    new Map(ids.map((id) => [id, { status: 'succeeded', error: null, batch, index }])),
});

const unreachable = new ScrypathError({ code: 'BACKEND_UNREACHABLE', happened: 'Down.' });

describe('waiting for tasks', () => {
  it('looks once where no time is given', async () => {
    const { asked, pauses, wait } = engine({ 1: 'processing' });
    const outcomes = await outcomesOf(refs(1), { ...wait, waitMs: 0 });
    expect(outcomes).toEqual([{ id: 1, index: 'movies', status: 'processing', error: null }]);
    expect([asked, pauses]).toEqual([[[1]], []]);
  });

  it('asks for all tasks in one look, and never again for one that has ended', async () => {
    const { asked, wait } = engine(
      { 1: 'enqueued', 2: 'succeeded', 3: 'processing' },
      { 1: 'processing', 3: 'failed' },
      { 1: 'canceled' },
    );
    const outcomes = await outcomesOf(refs(3, 1, 2, 1), wait);
    expect(asked).toEqual([[3, 1, 2], [3, 1], [1]]);
    expect(outcomes.map(({ id, status }) => [id, status])).toEqual([
      [3, 'failed'],
      [1, 'canceled'],
      [2, 'succeeded'],
      [1, 'canceled'],
    ]);
  });

  it('calls a task unknown that the engine does not list, and asks no more for it', async () => {
    const { asked, wait } = engine({ 1: 'enqueued' }, { 1: 'succeeded' });
    const outcomes = await outcomesOf(refs(1, 2), wait);
    expect(outcomes.map(({ status }) => status)).toEqual(['succeeded', 'unknown']);
    expect(asked).toEqual([[1, 2], [1]]);
  });

  it('pauses shortly at first and longer later, up to the longest pause', async () => {
    const looks = Array.from({ length: 40 }, (): Record<number, TaskStatus> => ({ 1: 'enqueued' }));
    const { pauses, wait } = engine(...looks, { 1: 'succeeded' });
    await outcomesOf(refs(1), wait);
    expect(pauses[0]).toBe(5);
    expect(pauses).toEqual([...pauses].sort((left, right) => left - right));
    expect(pauses.at(-1)).toBe(250);
  });

  it('sees no end much later than it came', async () => {
    const looks = Array.from({ length: 40 }, (): Record<number, TaskStatus> => ({ 1: 'enqueued' }));
    const { pauses, wait } = engine(...looks, { 1: 'succeeded' });
    await outcomesOf(refs(1), wait);
    let waited = 0;
    for (const pause of pauses) {
      expect(pause).toBeLessThanOrEqual(Math.max(25, waited * 0.15));
      waited += pause;
    }
  });

  it('goes on through failures that may pass', async () => {
    const { asked, wait } = engine({ 1: 'enqueued' }, unreachable, unreachable, { 1: 'succeeded' });
    expect((await outcomesOf(refs(1), wait))[0]!.status).toBe('succeeded');
    expect(asked).toHaveLength(4);
  });

  it('fails with what may pass where it was the only thing heard', async () => {
    const { wait } = engine(unreachable);
    await expect(outcomesOf(refs(1), { ...wait, waitMs: 0 })).rejects.toBe(unreachable);
  });

  it('fails at once with what will not pass', async () => {
    const forbidden = new ScrypathError({ code: 'BACKEND_FORBIDDEN', happened: 'No.' });
    const { asked, wait } = engine({ 1: 'enqueued' }, forbidden);
    await expect(outcomesOf(refs(1), wait)).rejects.toBe(forbidden);
    expect(asked).toHaveLength(2);
  });

  it('decides by the batch where the reference has one, whatever index the engine shows', async () => {
    const task = { id: 1, index: 'movies', batch: 'a', count: 2 };
    const statusIn = async (batch: string | null, index: string) =>
      (await outcomesOf([task], belonging(batch, index)))[0];
    expect(await statusIn('a', 'movies')).toEqual({ ...task, status: 'succeeded', error: null });
    expect(await statusIn('a', 'renamed')).toEqual({ ...task, status: 'succeeded', error: null });
    expect(await statusIn('b', 'movies')).toEqual({ ...task, status: 'unknown', error: null });
    expect(await statusIn(null, 'movies')).toEqual({ ...task, status: 'unknown', error: null });
  });

  it('decides by the index where the reference has no batch', async () => {
    const statusIn = async (index: string | null) =>
      (await outcomesOf(refs(1), belonging('whatever', index)))[0]!.status;
    expect(await statusIn('movies')).toBe('succeeded');
    expect(await statusIn(null)).toBe('succeeded');
    expect(await statusIn('people')).toBe('unknown');
  });

  it('does not wait for the task of another', async () => {
    const { asked, wait } = engine({ 1: 'processing' });
    const [outcome] = await outcomesOf([{ id: 1, index: 'movies', batch: 'a' }], wait);
    expect(outcome!.status).toBe('unknown');
    expect(asked).toHaveLength(1);
  });

  it('tells two references to one id apart', async () => {
    const tasks = [
      { id: 1, index: 'movies', batch: 'a' },
      { id: 1, index: 'movies', batch: 'b' },
    ];
    const outcomes = await outcomesOf(tasks, belonging('b', 'movies'));
    expect(outcomes.map(({ status }) => status)).toEqual(['unknown', 'succeeded']);
  });
});
