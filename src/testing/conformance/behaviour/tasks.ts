import assert from 'node:assert/strict';
import { isTerminal, TASK_STATUSES, type TaskRef } from '../../../backend/task.js';
import { type Bench, document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { behavioursOf } from './behaviour.js';

const NEVER_GIVEN = 4_000_000_000;

export const tasks = behavioursOf('tasks', {
  'a write is accepted as a task and ends as succeeded': async (bench) => {
    const index = await bench.index('task_succeeds');
    const refs = await bench.backend.upsert(index, [document('1', { title: 'Alien' })]);
    assert.ok(refs.length > 0);
    const outcomes = await bench.outcomes(...refs);
    assertEqualJson(
      outcomes,
      refs.map((ref) => ({ ...ref, status: 'succeeded', error: null })),
    );
  },
  'a task names its index': async (bench) => {
    const index = await bench.index('task_index');
    const refs = await bench.backend.upsert(index, [document('1', {})]);
    assertEqualJson([...new Set(refs.map((ref) => ref.index))], [index]);
  },
  'a task names the batch of its call, and a call without one none': async (bench) => {
    const index = await bench.index('task_batch');
    const batch = 'batch of 20 "ü" & more';
    const [upsert] = await bench.backend.upsert(index, [document('1', {})], { batch });
    const [remove] = await bench.backend.remove(index, ['1'], { batch });
    const [nameless] = await bench.backend.upsert(index, [document('1', {})]);
    assertEqualJson([upsert!.batch, remove!.batch, 'batch' in nameless!], [batch, batch, false]);
    const outcomes = await bench.outcomes(upsert!, remove!, nameless!);
    assertEqualJson(
      outcomes,
      [upsert!, remove!, nameless!].map((ref) => ({ ...ref, status: 'succeeded', error: null })),
    );
  },
  'the tasks of a call say how many of its documents they hold': async (bench) => {
    const index = await bench.index('task_count');
    const documents = ['1', '2', '3', '4', '5'].map((key) => document(key, {}));
    const written = await bench.backend.upsert(index, documents);
    const removed = await bench.backend.remove(index, ['1', '2', 'none']);
    assertEqualJson([sum(written), sum(removed)], [5, 3]);
    await bench.succeeded(...written, ...removed);
  },
  'onAccepted is told of every task, in order': async (bench) => {
    const index = await bench.index('task_accepted');
    const told: TaskRef[] = [];
    const onAccepted = (task: TaskRef) => void told.push(task);
    const refs = [
      ...(await bench.backend.upsert(index, [document('1', {})], { batch: 'b', onAccepted })),
      ...(await bench.backend.remove(index, ['1'], { onAccepted })),
    ];
    assertEqualJson(told, refs);
  },
  'a task of another batch is unknown, and nobody waits for it': async (bench) => {
    const index = await bench.index('task_other_batch');
    const [ref] = await bench.backend.upsert(index, [document('1', {})], { batch: 'this' });
    const [nameless] = await bench.backend.upsert(index, [document('2', {})]);
    await bench.succeeded(ref!, nameless!);
    const strangers = [
      { ...ref!, batch: 'that' },
      { ...nameless!, batch: 'this' },
    ];
    assertEqualJson(
      await bench.outcomes(...strangers),
      strangers.map((stranger) => ({ ...stranger, status: 'unknown', error: null })),
    );
  },
  'a task of another index is unknown where no batch decides': async (bench) => {
    const [index, other] = [await bench.index('task_index_one'), await bench.index('task_index_two')];
    const [ref] = await bench.backend.upsert(index, [document('1', {})], { batch: 'this' });
    const { batch: _, ...nameless } = ref!;
    await bench.succeeded(ref!, nameless);
    const stranger = { ...nameless, index: other };
    assertEqualJson(await bench.outcomes(stranger), [{ ...stranger, status: 'unknown', error: null }]);
  },
  'tasks before a swap are known by their batch, and without one by their index': async (bench) => {
    const [left, right] = [await bench.index('task_swap_left'), await bench.index('task_swap_right')];
    const refs = [
      ...(await bench.backend.upsert(left, [document('1', {})], { batch: 'b' })),
      ...(await bench.backend.upsert(right, [document('2', {})])),
      await bench.backend.indexes.swap(left, right),
      await bench.backend.indexes.swap(right, left),
      await bench.backend.indexes.swap(left, right),
    ];
    await bench.succeeded(...refs);
    await bench.succeeded(...refs);
  },
  'the backlog counts tasks that have not ended': async (bench) => {
    const { backend } = bench;
    if (backend.backlog === undefined) return;
    const index = await bench.index('task_backlog');
    let seen = 0;
    // An engine may be quick enough to have ended one write before it is asked, though not every time.
    for (let round = 0; seen === 0 && round < 50; round += 1) {
      for (let key = 0; key < 5; key += 1) await backend.upsert(index, [document(`${key}`, { round })]);
      seen = await backend.backlog();
    }
    assert.ok(seen > 0, `${seen}`);
    await bench.upsert(index, document('last', {}));
    // Others may use the same engine.
    for (let look = 0; (await backend.backlog()) > 0; look += 1) {
      assert.ok(look < 1000, 'tasks have ended and are still counted');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  'ids of tasks grow': async (bench) => {
    const index = await bench.index('task_ids');
    const first = (await bench.backend.upsert(index, [document('1', {})])).at(-1)!;
    const second = (await bench.backend.remove(index, ['1'])).at(-1)!;
    const third = await bench.backend.indexes.apply(index, { stopWords: ['a'] });
    assert.ok(first.id < second.id && second.id < third.id);
  },
  'tasks of two indexes have different ids': async (bench) => {
    const one = await bench.backend.indexes.create(bench.name('task_unique_one'));
    const two = await bench.backend.indexes.create(bench.name('task_unique_two'));
    assert.notEqual(one.id, two.id);
    await bench.succeeded(one, two);
  },
  'outcomes come in the order in which they are asked for': async (bench) => {
    const index = await bench.index('task_order');
    const refs = [];
    for (const key of ['1', '2', '3']) refs.push(...(await bench.backend.upsert(index, [document(key, {})])));
    const asked = [refs[2]!, { id: NEVER_GIVEN, index }, refs[0]!, refs[1]!];
    const outcomes = await bench.outcomes(...asked);
    assertEqualJson(
      outcomes.map(({ id }) => id),
      asked.map(({ id }) => id),
    );
  },
  'a task that is asked for twice is answered twice': async (bench) => {
    const index = await bench.index('task_twice');
    const [ref] = await bench.backend.upsert(index, [document('1', {})]);
    const outcomes = await bench.outcomes(ref!, ref!);
    assertEqualJson(
      outcomes.map(({ status }) => status),
      ['succeeded', 'succeeded'],
    );
  },
  'no tasks, no outcomes': async (bench) => {
    assertEqualJson(await bench.backend.outcomes([]), []);
  },
  'a wait of 0 looks once': async (bench) => {
    const index = await bench.index('task_look');
    const refs = await bench.backend.upsert(index, [document('1', {})]);
    const [seen] = await bench.backend.outcomes(refs, { waitMs: 0 });
    assert.ok(TASK_STATUSES.includes(seen!.status) && seen!.status !== 'unknown', seen!.status);
    await bench.succeeded(...refs);
    const [after] = await bench.backend.outcomes(refs, { waitMs: 0 });
    assert.equal(after!.status, 'succeeded');
  },
  'without a wait it looks once too': async (bench) => {
    const index = await bench.index('task_look_default');
    const refs = await bench.backend.upsert(index, [document('1', {})]);
    await bench.succeeded(...refs);
    assert.equal((await bench.backend.outcomes(refs))[0]!.status, 'succeeded');
  },
  'a task that was never given is unknown, and nobody waits for it': async (bench) => {
    const ref = { id: NEVER_GIVEN, index: bench.name('task_unknown') };
    assertEqualJson(await bench.outcomes(ref), [{ ...ref, status: 'unknown', error: null }]);
  },
  'many tasks are looked up in one call': async (bench) => {
    const index = await bench.index('task_many');
    const refs = [];
    for (let key = 0; key < 60; key += 1)
      refs.push(...(await bench.backend.upsert(index, [document(`${key}`, { key })])));
    const outcomes = await bench.outcomes(...refs);
    assert.ok(outcomes.every(({ status }) => status === 'succeeded'));
    assert.equal((await bench.backend.indexes.stats(index)).documents, 60);
  },
  'tasks of one index are carried out in the order of their acceptance': async (bench) => {
    const index = await bench.index('task_sequence');
    const refs = [
      ...(await bench.backend.upsert(index, [document('1', { n: 1 })])),
      ...(await bench.backend.remove(index, ['1'])),
      ...(await bench.backend.upsert(index, [document('1', { n: 2 }), document('2', { n: 2 })])),
      ...(await bench.backend.remove(index, ['2'])),
      ...(await bench.backend.upsert(index, [document('1', { n: 3 })])),
    ];
    await bench.succeeded(...refs);
    assertEqualJson(await bench.held(index), { 1: { n: 3 } });
  },
  'a failed task does not hold up those after it': async (bench) => {
    const index = await bench.index('task_after_failure');
    const create = await bench.backend.indexes.create(index);
    const write = await bench.backend.upsert(index, [document('1', {})]);
    const outcomes = await bench.outcomes(create, ...write);
    assertEqualJson(
      outcomes.map(({ status }) => status),
      ['failed', ...write.map(() => 'succeeded')],
    );
  },
  'creating an index that exists fails, with the code of the engine': async (bench) => {
    const index = await bench.index('task_exists');
    assert.equal(await failureOf(bench, await bench.backend.indexes.create(index)), 'index_already_exists');
  },
  'removing from a missing index fails, with the code of the engine': async (bench) => {
    const [ref] = await bench.backend.remove(bench.name('task_remove_missing'), ['1']);
    assert.equal(await failureOf(bench, ref!), 'index_not_found');
  },
  'dropping a missing index fails, with the code of the engine': async (bench) => {
    const ref = await bench.backend.indexes.drop(bench.name('task_drop_missing'));
    assert.equal(await failureOf(bench, ref), 'index_not_found');
  },
  'swapping with a missing index fails, with the code of the engine, and changes nothing': async (bench) => {
    const index = await bench.index('task_swap_present', [document('1', {})]);
    const ref = await bench.backend.indexes.swap(index, bench.name('task_swap_missing'));
    assert.equal(await failureOf(bench, ref), 'index_not_found');
    assertEqualJson(await bench.held(index), { 1: {} });
  },
});

const sum = (refs: readonly TaskRef[]): number => refs.reduce((total, { count }) => total + count!, 0);

async function failureOf(bench: Bench, ref: TaskRef): Promise<string> {
  const [outcome] = await bench.outcomes(ref);
  assert.equal(outcome!.status, 'failed');
  assert.ok(isTerminal(outcome!.status) && outcome!.error !== null);
  assert.ok(outcome!.error.message.length > 0);
  assertEqualJson([outcome!.error.kind, outcome!.error.document], ['engine', null]);
  return outcome!.error.code;
}
