import assert from 'node:assert/strict';
import type { Backend, CallOptions } from '../../../backend/backend.js';
import { document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { completeQuery } from '../search-case.js';
import { behavioursOf } from './behaviour.js';
import { isRefused } from './refusal.js';

const BAD_NAMES = ['', ' ', 'a b', 'a/b', '../keys', 'a.b', 'é', 'a?x=1', 'a#', 'a%2Fb', 'x'.repeat(401), 'a\n'];
const BAD_KEYS = ['', ' ', 'a b', 'a/b', '../1', 'a.b', 'é', '1?fields=*', 'k'.repeat(512), 'a\u0000', '1\n'];

/** Every member of the seam that takes an index and a signal, called once. */
const callsOn = (
  backend: Backend,
  index: string,
  options?: CallOptions,
): Readonly<Record<string, () => Promise<unknown>>> => ({
  upsert: () => backend.upsert(index, [document('1', {})], options),
  remove: () => backend.remove(index, ['1'], options),
  search: () => backend.search(index, completeQuery({}), options),
  scan: async () => {
    for await (const page of backend.documents.scan(index, options)) assert.fail(`a page of ${page.length}`);
  },
  fetch: () => backend.documents.fetch(index, ['1'], options),
  create: () => backend.indexes.create(index, options),
  get: () => backend.indexes.get(index, options),
  settings: () => backend.indexes.settings(index, options),
  apply: () => backend.indexes.apply(index, {}, options),
  swap: () => backend.indexes.swap(index, `${index}x`, options),
  drop: () => backend.indexes.drop(index, options),
  stats: () => backend.indexes.stats(index, options),
});

export const boundaries = behavioursOf('what is refused', {
  'a name that cannot be an index, by every call': async (bench) => {
    for (const name of BAD_NAMES) {
      for (const [member, call] of Object.entries(callsOn(bench.backend, name))) {
        await assert.rejects(call, isRefused('INDEX_NAME_INVALID'), `${member} took ${JSON.stringify(name)}`);
      }
    }
  },
  'a name of 400 letters, digits, hyphens and underscores is taken': async (bench) => {
    const index = bench.name('long').padEnd(400, '-_09azAZ');
    await bench.succeeded(await bench.backend.indexes.create(index));
    assert.equal((await bench.backend.indexes.get(index))?.name, index);
    await bench.succeeded(await bench.backend.indexes.drop(index));
  },
  'a key that cannot be one, on its way in': async (bench) => {
    const index = await bench.index('bad_keys', [document('good', {})]);
    const { backend } = bench;
    for (const key of BAD_KEYS) {
      const said = JSON.stringify(key);
      const batch = [document('fine', {}), document(key, {})];
      await assert.rejects(backend.upsert(index, batch), isRefused('KEY_INVALID'), `upsert took ${said}`);
      await assert.rejects(backend.remove(index, ['good', key]), isRefused('KEY_INVALID'), `remove took ${said}`);
      await assert.rejects(backend.documents.fetch(index, [key]), isRefused('KEY_INVALID'), `fetch took ${said}`);
    }
    assertEqualJson(await bench.held(index), { good: {} });
  },
  'a call whose signal is aborted, with the reason of the signal': async (bench) => {
    const index = await bench.index('aborted', [document('1', {})]);
    const reason = new Error('the caller left');
    const signal = AbortSignal.abort(reason);
    for (const [member, call] of Object.entries(callsOn(bench.backend, index, { signal }))) {
      await assert.rejects(call, (failure) => failure === reason, member);
    }
    await assert.rejects(
      async () => bench.backend.backlog?.({ signal }) ?? Promise.reject(reason),
      (failure) => failure === reason,
    );
    const wait = bench.backend.outcomes([{ id: 0, index }], { signal, waitMs: 1000 });
    await assert.rejects(wait, (failure) => failure === reason);
    assertEqualJson(await bench.held(index), { 1: {} });
  },
  'the next page of a scan whose signal is aborted': async (bench) => {
    const index = await bench.index('aborted_scan', [document('1', {}), document('2', {}), document('3', {})]);
    const controller = new AbortController();
    const reason = new Error('enough');
    const pages: number[] = [];
    await assert.rejects(
      async () => {
        for await (const page of bench.backend.documents.scan(index, { pageSize: 1, signal: controller.signal })) {
          pages.push(page.length);
          controller.abort(reason);
        }
      },
      (failure) => failure === reason,
    );
    assertEqualJson(pages, [1]);
  },
  'every call to a backend that was closed': async (bench) => {
    const index = bench.name('closed');
    const backend = await bench.another();
    assert.equal(typeof backend.close, 'function', 'this backend has nothing to close: leave the case out for it');
    await backend.close?.();
    for (const [member, call] of Object.entries(callsOn(backend, index))) {
      await assert.rejects(call, isRefused('CLOSED'), member);
    }
    await assert.rejects(backend.outcomes([{ id: 0, index }]), isRefused('CLOSED'));
    if (backend.backlog !== undefined) await assert.rejects(backend.backlog(), isRefused('CLOSED'));
    await backend.close?.();
  },
});
