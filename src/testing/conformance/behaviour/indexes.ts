import assert from 'node:assert/strict';
import { KEY_ATTRIBUTE } from '../../../document/search-document.js';
import { type Bench, document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { completeQuery } from '../search-case.js';
import { behavioursOf } from './behaviour.js';
import { isRefused } from './refusal.js';

export const indexes = behavioursOf('indexes', {
  'a created index is empty and has the key attribute as primary key': async (bench) => {
    const index = bench.name('create');
    await bench.succeeded(await bench.backend.indexes.create(index));
    const info = await bench.backend.indexes.get(index);
    assertEqualJson({ ...info, createdAt: '' }, { name: index, createdAt: '', primaryKey: KEY_ATTRIBUTE });
    assert.ok(Math.abs(Date.parse(info!.createdAt) - Date.now()) < 3_600_000, info!.createdAt);
    assertEqualJson(await bench.backend.indexes.stats(index), { documents: 0, indexing: false });
  },
  'an index that does not exist is null': async (bench) => {
    assert.equal(await bench.backend.indexes.get(bench.name('get_missing')), null);
  },
  'settings, stats and searches of an index that does not exist are refused': async (bench) => {
    const { backend } = bench;
    const index = bench.name('missing');
    await assert.rejects(backend.indexes.settings(index), isRefused('INDEX_NOT_FOUND'));
    await assert.rejects(backend.indexes.stats(index), isRefused('INDEX_NOT_FOUND'));
    await assert.rejects(backend.search(index, completeQuery({})), isRefused('INDEX_NOT_FOUND'));
  },
  'stats count the documents': async (bench) => {
    const index = await bench.index('stats', [document('1', {}), document('2', {}), document('3', {})]);
    await bench.remove(index, '2');
    await bench.upsert(index, document('3', { again: true }));
    assert.equal((await bench.backend.indexes.stats(index)).documents, 2);
  },
  'a dropped index is gone, with its documents': async (bench) => {
    const index = await bench.index('drop', [document('1', {})]);
    await bench.succeeded(await bench.backend.indexes.drop(index));
    assert.equal(await bench.backend.indexes.get(index), null);
    await assert.rejects(bench.backend.search(index, completeQuery({})), isRefused('INDEX_NOT_FOUND'));
  },
  'an index that is created again starts anew': async (bench) => {
    const index = await bench.index('anew', [document('1', {})], { stopWords: ['the'] });
    const before = await bench.backend.indexes.get(index);
    await bench.succeeded(await bench.backend.indexes.drop(index), await bench.backend.indexes.create(index));
    assert.notEqual((await bench.backend.indexes.get(index))!.createdAt, before!.createdAt);
    assertEqualJson(await bench.held(index), {});
    assertEqualJson((await bench.backend.indexes.settings(index)).stopWords, []);
  },
  'an index has another creation time than any before it of its name, however fast one follows the other': async (
    bench,
  ) => {
    const { indexes } = bench.backend;
    const index = bench.name('created');
    const times = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      await bench.succeeded(await indexes.create(index));
      times.add((await indexes.get(index))!.createdAt);
      await bench.succeeded(await indexes.drop(index));
    }
    assert.equal(times.size, 4);
  },
  'writes and settings do not change the creation time': async (bench) => {
    const index = await bench.index('created_once');
    const created = await bench.backend.indexes.get(index);
    await bench.upsert(index, document('1', {}));
    await bench.remove(index, '1');
    await bench.succeeded(await bench.backend.indexes.apply(index, { stopWords: ['a'] }));
    assertEqualJson(await bench.backend.indexes.get(index), created);
  },
  'a swap exchanges documents, settings and creation times': async (bench) => {
    const { left, right } = await pairOf(bench, 'swap');
    const before = await bothOf(bench, left, right);
    assert.notEqual(before[0].createdAt, before[1].createdAt);
    await bench.succeeded(await bench.backend.indexes.swap(left, right));
    const after = await bothOf(bench, left, right);
    assertEqualJson(after, [before[1], before[0]]);
  },
  'two swaps are none': async (bench) => {
    const { left, right } = await pairOf(bench, 'swap_twice');
    const before = await bothOf(bench, left, right);
    const { indexes } = bench.backend;
    await bench.succeeded(await indexes.swap(left, right), await indexes.swap(left, right));
    assertEqualJson(await bothOf(bench, left, right), before);
  },
  'after a swap each name finds what the other found': async (bench) => {
    const { left, right } = await pairOf(bench, 'swap_search');
    await bench.succeeded(await bench.backend.indexes.swap(left, right));
    const found = async (index: string, text: string) =>
      (await bench.backend.search(index, completeQuery({ text, matching: 'all' }))).hits.map((hit) => hit.key);
    assertEqualJson(await found(left, 'porcelain'), ['r']);
    assertEqualJson(await found(right, 'porcelain'), []);
    assertEqualJson(await found(right, 'copper'), ['l']);
  },
  'writes around a swap reach the index that has the name at their turn': async (bench) => {
    const { left, right } = await pairOf(bench, 'swap_writes');
    const refs = [
      ...(await bench.backend.upsert(left, [document('before', {})])),
      await bench.backend.indexes.swap(left, right),
      ...(await bench.backend.upsert(left, [document('after', {})])),
    ];
    await bench.succeeded(...refs);
    assertEqualJson(Object.keys(await bench.held(left)).sort(), ['after', 'r']);
    assertEqualJson(Object.keys(await bench.held(right)).sort(), ['before', 'l']);
  },
  'a swapped index can be dropped without the other': async (bench) => {
    const { left, right } = await pairOf(bench, 'swap_drop');
    await bench.succeeded(await bench.backend.indexes.swap(left, right), await bench.backend.indexes.drop(right));
    assertEqualJson(Object.keys(await bench.held(left)), ['r']);
    assert.equal(await bench.backend.indexes.get(right), null);
  },
});

async function pairOf(bench: Bench, title: string): Promise<{ readonly left: string; readonly right: string }> {
  const left = await bench.index(`${title}_left`, [document('l', { title: 'copper' })], { stopWords: ['left'] });
  // Creation times are told apart by milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const right = await bench.index(`${title}_right`, [document('r', { title: 'porcelain' })], {
    sortableAttributes: ['title'],
  });
  return { left, right };
}

async function bothOf(bench: Bench, left: string, right: string) {
  return [await contentOf(bench, left), await contentOf(bench, right)] as const;
}

async function contentOf(bench: Bench, index: string) {
  const info = await bench.backend.indexes.get(index);
  return {
    createdAt: info!.createdAt,
    settings: await bench.backend.indexes.settings(index),
    held: await bench.held(index),
  };
}
