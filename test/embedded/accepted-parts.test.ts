import type { TaskRef } from '../../src/backend/task.js';
import { embedded } from '../../src/embedded/index.js';
import { TaskQueue } from '../../src/embedded/task-queue.js';
import { film, succeeded } from './films.js';

// Two of these are more than one task holds.
const HUGE = 'x'.repeat(17 * 1024 * 1024);
const given = [film('a', {}), film('b', { HUGE }), film('c', {}), film('d', { HUGE })];

describe('a call that becomes several tasks of an embedded engine', () => {
  afterEach(() => jest.restoreAllMocks());

  it('says which of its documents each task holds', async () => {
    const backend = embedded();
    const tasks = await backend.upsert('films', given, { batch: 'b' });
    expect(tasks.map(({ count, batch }) => [count, batch])).toEqual([
      [3, 'b'],
      [1, 'b'],
    ]);
    await backend.close();
  });

  it('told by onAccepted what it had taken before it failed', async () => {
    const backend = embedded();
    const accept = TaskQueue.prototype.accept;
    const full = new Error('the disk is full');
    jest.spyOn(TaskQueue.prototype, 'accept').mockImplementation(function (this: TaskQueue, work, batch) {
      if (work.kind === 'upsert' && work.documents.some(({ key }) => key === 'd')) throw full;
      return accept.call(this, work, batch);
    });
    const taken: TaskRef[] = [];
    await expect(backend.upsert('films', given, { onAccepted: (task) => taken.push(task) })).rejects.toBe(full);
    expect(taken).toEqual([{ id: 0, index: 'films', count: 3 }]);
    await succeeded(backend, ...taken);
    expect((await backend.documents.fetch('films', ['a', 'c', 'd'])).map(({ key }) => key)).toEqual(['a', 'c']);
    await backend.close();
  });
});
