import assert from 'node:assert/strict';
import type { FailedTask } from '../../../backend/task.js';
import { type Bench, document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { behavioursOf } from './behaviour.js';

/** What an engine tells of itself. One that cannot lacks the member, and passes. */
export const account = behavioursOf('what the engine tells of itself', {
  'failed tasks of an index are listed, the newest first, each with its batch': async (bench) => {
    const { backend } = bench;
    if (backend.failures === undefined) return;
    const { index, ids } = await refused(bench, 'failed_listed', ['ours', undefined, 'ours']);
    const { tasks, total } = await backend.failures(index, { limit: 10 });
    assertEqualJson(
      tasks.map(({ id, index: name, batch, error }) => [id, name, batch, error.code]),
      [
        [ids[2], index, 'ours', 'index_not_found'],
        [ids[1], index, null, 'index_not_found'],
        [ids[0], index, 'ours', 'index_not_found'],
      ],
    );
    assert.equal(total, 3);
    assert.ok(tasks.every(hasTimeOrNone), 'a time that is no ISO 8601');
  },
  'failed tasks are listed by pages, and their number is that of all': async (bench) => {
    const { backend } = bench;
    if (backend.failures === undefined) return;
    const { index, ids } = await refused(bench, 'failed_pages', [undefined, undefined, undefined]);
    const first = await backend.failures(index, { limit: 2 });
    const second = await backend.failures(index, { limit: 2, before: first.tasks[1]?.id });
    const third = await backend.failures(index, { limit: 2, before: ids[0] });
    const pages = [first, second, third];
    assertEqualJson(
      pages.map(({ tasks }) => tasks.map(({ id }) => id)),
      [[ids[2], ids[1]], [ids[0]], []],
    );
    assertEqualJson(
      pages.map(({ total }) => total),
      [3, 3, 3],
    );
    assertEqualJson((await backend.failures(index, { limit: 2, before: 0 })).tasks, []);
  },
  'an index whose tasks succeeded, and one that never was, have no failed ones': async (bench) => {
    const { backend } = bench;
    if (backend.failures === undefined) return;
    await refused(bench, 'failed_other', [undefined]);
    for (const index of [await bench.index('failed_none', [document('1', {})]), bench.name('failed_missing')])
      assertEqualJson(await backend.failures(index, { limit: 10 }), { tasks: [], total: 0 });
  },
  'an examination names versions, and each permission once for each index': async (bench) => {
    const { backend } = bench;
    if (backend.examine === undefined) return;
    const indexes = [await bench.index('examined'), bench.name('examined_missing')];
    const { version, oldest, permissions } = await backend.examine(indexes);
    assert.ok(version === null || /^\d+\.\d+/.test(version), String(version));
    assert.match(oldest, /^\d+\.\d+/);
    const asked = permissions.map(({ action, index }) => `${action} ${index}`);
    assert.equal(new Set(asked).size, asked.length, 'a permission is named twice');
    const of = (index: string) => permissions.filter((one) => one.index === index).map(({ action }) => action);
    assert.ok(of(indexes[0]!).length > 0, 'no permission of an index');
    assertEqualJson(of(indexes[1]!), of(indexes[0]!));
    // The suite does all of it with the same credentials.
    assertEqualJson(
      permissions.filter(({ allowed }) => allowed === false),
      [],
    );
  },
  'an examination changes nothing': async (bench) => {
    const { backend } = bench;
    if (backend.examine === undefined) return;
    const index = await bench.index('examined_kept', [document('1', { title: 'Alien' })]);
    const missing = bench.name('examined_not_made');
    const before = await backend.indexes.settings(index);
    const [first] = await backend.upsert(index, [document('2', {})]);
    await backend.examine([index, missing]);
    const [second] = await backend.upsert(index, [document('3', {})]);
    await bench.succeeded(first!, second!);
    assertEqualJson(await bench.held(index), { 1: { title: 'Alien' }, 2: {}, 3: {} });
    assertEqualJson(await backend.indexes.settings(index), before);
    assert.equal(await backend.indexes.get(missing), null);
    if (backend.failures) assertEqualJson(await backend.failures(index, { limit: 10 }), { tasks: [], total: 0 });
  },
});

/** A missing index, and a failed task of it for each batch given. */
async function refused(
  bench: Bench,
  title: string,
  batches: readonly (string | undefined)[],
): Promise<{ readonly index: string; readonly ids: readonly number[] }> {
  const index = bench.name(title);
  const tasks = [];
  for (const batch of batches) tasks.push(...(await bench.backend.remove(index, ['1'], { batch })));
  for (const { status } of await bench.outcomes(...tasks)) assert.equal(status, 'failed');
  return { index, ids: tasks.map(({ id }) => id) };
}

const hasTimeOrNone = ({ failedAt }: FailedTask): boolean => failedAt === null || !Number.isNaN(Date.parse(failedAt));
