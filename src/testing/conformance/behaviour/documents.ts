import assert from 'node:assert/strict';
import { uploadTo } from '../../../backend/upload.js';
import type { JsonObject } from '../../../document/json.js';
import { KEY_ATTRIBUTE } from '../../../document/search-document.js';
import { document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { completeQuery } from '../search-case.js';
import { behavioursOf } from './behaviour.js';
import { isRefused } from './refusal.js';

const numbered = (count: number) => Array.from({ length: count }, (_, n) => document(`k${n}`, { n }));

export const documents = behavioursOf('documents', {
  'an upsert replaces the whole document': async (bench) => {
    const index = await bench.index('replace', [document('1', { title: 'Alien', year: 1979, crew: { captain: 'D' } })]);
    await bench.upsert(index, document('1', { title: 'Aliens', crew: { sergeant: 'A' } }));
    assertEqualJson(await bench.held(index), { 1: { title: 'Aliens', crew: { sergeant: 'A' } } });
  },
  'a field that is gone is not found any more': async (bench) => {
    const index = await bench.index('gone', [document('1', { title: 'kettle', note: 'whistle' })], {
      filterableAttributes: ['note'],
    });
    await bench.upsert(index, document('1', { title: 'kettle' }));
    const found = async (text: string) => (await bench.backend.search(index, completeQuery({ text }))).hits.length;
    assert.equal(await found('kettle'), 1);
    assert.equal(await found('whistle'), 0);
    const query = completeQuery({ filter: { kind: 'exists', field: 'note' } });
    assert.equal((await bench.backend.search(index, query)).totalHits, 0);
  },
  'a replaced document keeps its place among equals': async (bench) => {
    const index = await bench.index('place', numbered(4));
    await bench.upsert(index, document('k1', { n: 'new' }));
    const page = await bench.backend.search(index, completeQuery({}));
    assertEqualJson(
      page.hits.map((hit) => hit.key),
      ['k0', 'k1', 'k2', 'k3'],
    );
  },
  'of one key twice in a batch the last wins': async (bench) => {
    const index = await bench.index('last_wins');
    await bench.upsert(index, document('1', { a: 1 }), document('2', { a: 2 }), document('1', { b: 3 }));
    assertEqualJson(await bench.held(index), { 1: { b: 3 }, 2: { a: 2 } });
  },
  'an upsert of nothing has no effect': async (bench) => {
    const index = await bench.index('nothing', [document('1', {})]);
    await bench.succeeded(...(await bench.backend.upsert(index, [])));
    assertEqualJson(await bench.held(index), { 1: {} });
  },
  'a removal of nothing has no effect': async (bench) => {
    const index = await bench.index('remove_nothing', [document('1', {})]);
    await bench.succeeded(...(await bench.backend.remove(index, [])));
    assertEqualJson(await bench.held(index), { 1: {} });
  },
  'a removed document is neither found nor fetched': async (bench) => {
    const index = await bench.index('remove', [document('1', { title: 'kettle' }), document('2', { title: 'kettle' })]);
    await bench.remove(index, '1');
    const page = await bench.backend.search(index, completeQuery({ text: 'kettle' }));
    assertEqualJson(
      page.hits.map((hit) => hit.key),
      ['2'],
    );
    assertEqualJson(await bench.backend.documents.fetch(index, ['1']), []);
  },
  'removing a key without a document succeeds': async (bench) => {
    const index = await bench.index('remove_missing', [document('1', {})]);
    await bench.remove(index, 'nobody', '1', '1');
    assertEqualJson(await bench.held(index), {});
  },
  'a document that is removed and written again is there': async (bench) => {
    const index = await bench.index('again', [document('1', { n: 1 })]);
    const refs = [
      ...(await bench.backend.remove(index, ['1'])),
      ...(await bench.backend.upsert(index, [document('1', { n: 2 })])),
    ];
    await bench.succeeded(...refs);
    assertEqualJson(await bench.held(index), { 1: { n: 2 } });
  },
  'an upsert into a missing index creates it, with the key attribute as primary key': async (bench) => {
    const index = bench.name('created_by_upsert');
    assert.equal(await bench.backend.indexes.get(index), null);
    await bench.upsert(index, document('1', { id: 9, title: 'Alien' }));
    const info = await bench.backend.indexes.get(index);
    assert.equal(info?.name, index);
    assert.equal(info?.primaryKey, KEY_ATTRIBUTE);
    assertEqualJson(await bench.held(index), { 1: { id: 9, title: 'Alien' } });
  },
  'every kind of value comes back as it was written': async (bench) => {
    const data: JsonObject = {
      integer: 42,
      negative: -7,
      zero: 0,
      decimal: 0.1,
      safest: Number.MAX_SAFE_INTEGER,
      lowest: Number.MIN_SAFE_INTEGER,
      huge: 1.7976931348623157e308,
      tiny: 5e-324,
      true: true,
      false: false,
      null: null,
      empty: '',
      space: '  two  ',
      numeric: '007',
      unicode: 'Zürich Москва Αθήνα 東京 🎬👨‍👩‍👧 e\u0301',
      control: 'a\u0000b\u0007c\u001f\u007f',
      lines: 'one\r\ntwo\u2028three',
      quotes: `it's "so" \\ and \\n`,
      markup: '<b>&amp;</b>',
      long: 'x'.repeat(100_000),
      list: [1, 'two', false, null, [], {}, [[3]], { deep: [{ er: 'yes' }] }],
      'empty list': [],
      object: { 'a.b': 1, a: { b: 2 }, '': 'no name', größe: 'XL' },
      'empty object': {},
    };
    const index = await bench.index('values_kept', [document('1', data)], { filterableAttributes: ['decimal'] });
    assertEqualJson(await bench.held(index), { 1: data });
    const [fetched] = await bench.backend.documents.fetch(index, ['1']);
    assertEqualJson(fetched, { key: '1', data });
    const page = await bench.backend.search(index, completeQuery({}));
    assertEqualJson(page.hits[0]!.data, data);
  },
  'a field that is named "id" is a field like any other': async (bench) => {
    const index = await bench.index('field_id', [document('7', { id: 'not the key', _id: 3 })]);
    assertEqualJson(await bench.held(index), { 7: { id: 'not the key', _id: 3 } });
  },
  'a key of digits stays text': async (bench) => {
    const index = await bench.index('digits', [document('0042', { n: 1 }), document('42', { n: 2 })]);
    assertEqualJson(await bench.held(index), { '0042': { n: 1 }, 42: { n: 2 } });
  },
  'keys differ by case': async (bench) => {
    const index = await bench.index('key_case', [document('abc', { n: 1 }), document('ABC', { n: 2 })]);
    await bench.remove(index, 'abc');
    assertEqualJson(await bench.held(index), { ABC: { n: 2 } });
  },
  'a key of 511 letters is taken': async (bench) => {
    const key = `${'k'.repeat(509)}-_`;
    const index = await bench.index('key_long', [document(key, { n: 1 })]);
    assertEqualJson(await bench.backend.documents.fetch(index, [key]), [{ key, data: { n: 1 } }]);
  },
  'an upload is sent as an upsert of the same documents would be, again and again': async (bench) => {
    const index = await bench.index('upload', [document('1', { n: 'old' })]);
    const upload = uploadTo(bench.backend, index);
    for (const one of [document('1', { n: 1 }), document('2', { größe: 'é🍵' }), document('1', { n: 3 })])
      upload.add(one);
    assert.equal(upload.count, 3);
    assert.ok(upload.bytes > 0);
    const told: number[] = [];
    const first = await upload.send({ batch: 'one', onAccepted: ({ id }) => told.push(id) });
    assertEqualJson(
      [first.map(({ id }) => id), first.reduce((sum, { count }) => sum + (count ?? 0), 0), first[0]!.batch],
      [told, 3, 'one'],
    );
    await bench.succeeded(...first);
    assertEqualJson(await bench.held(index), { 1: { n: 3 }, 2: { größe: 'é🍵' } });
    upload.clear();
    assert.equal(upload.count, 0);
    upload.add(document('2', { n: 2 }));
    await bench.succeeded(...(await upload.send()));
    assertEqualJson(await bench.held(index), { 1: { n: 3 }, 2: { n: 2 } });
  },
  'texts of documents are their JSON without key and braces': async (bench) => {
    const { documents: reader } = bench.backend;
    if (reader.texts === undefined) return;
    const data = { title: 'a "quoted"},{ text', deep: { _key: [1, null, 'é🍵'] }, n: -0.5 };
    const index = await bench.index('texts', [document('1', data), document('2', {})]);
    const texts = await reader.texts(index, ['2', 'nobody', '1']);
    assertEqualJson([...texts.keys()].sort(), ['1', '2']);
    assertEqualJson(JSON.parse(`{${texts.get('1')}}`), data);
    assertEqualJson(JSON.parse(`{${texts.get('2')}}`), {});
  },
  'the extent of an index counts, and has another mark after a write only': async (bench) => {
    const { documents: reader } = bench.backend;
    if (reader.extent === undefined) return;
    const index = await bench.index('extent', numbered(3));
    const before = await reader.extent(index);
    assert.equal(before.documents, 3);
    await bench.backend.search(index, completeQuery({}));
    assertEqualJson(await reader.extent(index), before);
    await bench.upsert(index, document('k0', { n: 'new' }));
    const after = await reader.extent(index);
    assert.equal(after.documents, 3);
    assert.notEqual(after.mark, before.mark);
  },
  'a scan gives every document once, whatever the size of its pages': async (bench) => {
    const index = await bench.index('scan', numbered(50));
    for (const pageSize of [1, 7, 10, 25, 49, 50, 51, 1000]) {
      const keys: string[] = [];
      for await (const page of bench.backend.documents.scan(index, { pageSize })) {
        assert.ok(page.length > 0 && page.length <= pageSize);
        keys.push(...page.map(({ key }) => key));
      }
      assert.equal(keys.length, 50, `pages of ${pageSize}`);
      assert.equal(new Set(keys).size, 50, `pages of ${pageSize}`);
    }
  },
  'a scan of an empty index gives no document': async (bench) => {
    assertEqualJson(await bench.held(await bench.index('scan_empty')), {});
  },
  'a scan passes over what was removed': async (bench) => {
    const index = await bench.index('scan_holes', numbered(12));
    await bench.remove(index, 'k0', 'k5', 'k6', 'k11');
    const keys: string[] = [];
    for await (const page of bench.backend.documents.scan(index, { pageSize: 3 }))
      keys.push(...page.map(({ key }) => key));
    assertEqualJson(keys.sort(), ['k1', 'k10', 'k2', 'k3', 'k4', 'k7', 'k8', 'k9']);
  },
  'a scan of a missing index is refused': async (bench) => {
    const scan = bench.backend.documents.scan(bench.name('scan_missing'));
    await assert.rejects(async () => {
      for await (const page of scan) assertEqualJson(page, []);
    }, isRefused('INDEX_NOT_FOUND'));
  },
  'keys are given once for every document, in the order of a scan, whatever the size of the pages': async (bench) => {
    const index = await bench.index('keys', numbered(50));
    await bench.remove(index, 'k0', 'k17', 'k49');
    const scanned: string[] = [];
    for await (const page of bench.backend.documents.scan(index)) scanned.push(...page.map(({ key }) => key));
    assert.equal(new Set(scanned).size, 47);
    for (const pageSize of [1, 7, 46, 47, 48, 1000]) {
      const keys: string[] = [];
      for await (const page of bench.backend.documents.keys(index, { pageSize })) {
        assert.ok(page.length > 0 && page.length <= pageSize);
        keys.push(...page);
      }
      assertEqualJson(keys, scanned, `pages of ${pageSize}`);
    }
  },
  'the keys of an index that shows only some fields are whole': async (bench) => {
    const index = await bench.index('keys_displayed', [document('1', { shown: 1, hidden: 2 }), document('0042', {})], {
      displayedAttributes: ['shown', KEY_ATTRIBUTE],
    });
    const keys: string[] = [];
    for await (const page of bench.backend.documents.keys(index)) keys.push(...page);
    assertEqualJson(keys.sort(), ['0042', '1']);
  },
  'an empty index has no keys': async (bench) => {
    const index = await bench.index('keys_empty');
    for await (const page of bench.backend.documents.keys(index)) assertEqualJson(page, []);
  },
  'asking for the keys of a missing index is refused': async (bench) => {
    const keys = bench.backend.documents.keys(bench.name('keys_missing'));
    await assert.rejects(async () => {
      for await (const page of keys) assertEqualJson(page, []);
    }, isRefused('INDEX_NOT_FOUND'));
  },
  'a fetch leaves out keys without a document': async (bench) => {
    const index = await bench.index('fetch', numbered(5));
    const fetched = await bench.backend.documents.fetch(index, ['k3', 'nobody', 'k1', 'k3']);
    assertEqualJson(
      [...fetched].sort((left, right) => left.key.localeCompare(right.key)),
      [
        { key: 'k1', data: { n: 1 } },
        { key: 'k3', data: { n: 3 } },
      ],
    );
  },
  'a fetch of no keys gives no document': async (bench) => {
    const index = await bench.index('fetch_none', numbered(2));
    assertEqualJson(await bench.backend.documents.fetch(index, []), []);
  },
  'a fetch of thousands of keys gives them all': async (bench) => {
    const index = await bench.index('fetch_many', numbered(6000));
    const keys = Array.from({ length: 6000 }, (_, n) => `k${n}`);
    assert.equal((await bench.backend.documents.fetch(index, keys)).length, 6000);
  },
  'a fetch from a missing index is refused': async (bench) => {
    await assert.rejects(
      bench.backend.documents.fetch(bench.name('fetch_missing'), ['1']),
      isRefused('INDEX_NOT_FOUND'),
    );
  },
});
