import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TaskRef } from '../../src/backend/task.js';
import { embedded } from '../../src/embedded/index.js';
import { openSqlite } from '../../src/embedded/sqlite.js';
import { killed, messageFrom, startChild } from './child.js';
import { ended, Folder, film, films, keysOf, succeeded } from './films.js';

describe('an embedded engine with a file', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  it('has documents, settings, creation times and outcomes when it is opened again', async () => {
    const first = embedded({ file: folder.file() });
    const created = await first.indexes.create('films');
    const again = await first.indexes.create('films');
    await ended(first, again);
    await succeeded(
      first,
      await first.indexes.apply('films', {
        searchableAttributes: ['title'],
        filterableAttributes: ['year', 'tags'],
        sortableAttributes: ['year'],
        stopWords: ['the'],
        typoTolerance: { disableOnAttributes: ['title'] },
      }),
      ...(await first.upsert('films', [
        film('1', { title: 'The Thing', year: 1982, tags: ['Snow', 'Dog'] }),
        film('2', { title: 'Alien', year: 1979, tags: null }),
        film('3', { title: 'Ålien Nätion', year: 1988 }),
      ])),
    );
    const info = await first.indexes.get('films');
    const settings = await first.indexes.settings('films');
    await first.close();

    const second = embedded({ file: folder.file() });
    expect(await second.indexes.get('films')).toEqual(info);
    expect(await second.indexes.settings('films')).toEqual(settings);
    expect(await second.indexes.stats('films')).toEqual({ documents: 3, indexing: false });
    expect(await keysOf(second, 'films', { text: 'alien' })).toEqual(['2', '3']);
    expect(await keysOf(second, 'films', { text: 'alein' })).toEqual([]);
    expect(await keysOf(second, 'films', { sort: [{ field: 'year', direction: 'desc' }] })).toEqual(['3', '1', '2']);
    expect(await keysOf(second, 'films', { filter: { kind: 'isNull', field: 'tags' } })).toEqual(['2']);
    expect(await keysOf(second, 'films', { filter: { kind: 'equals', field: 'tags', value: 'snow' } })).toEqual(['1']);
    expect(await second.outcomes([created, again, { id: 999, index: 'films' }])).toMatchObject([
      { status: 'succeeded', error: null },
      { status: 'failed', error: { code: 'index_already_exists' } },
      { status: 'unknown' },
    ]);
    await second.close();
  });

  it('knows the batch and the index of its tasks when it is opened again', async () => {
    const first = embedded({ file: folder.file() });
    const [ended] = await first.upsert('films', films(2), { batch: 'b1' });
    await succeeded(first, ended!);
    const [queued] = await first.remove('films', ['f0'], { batch: 'b2' });
    await first.close();
    const second = embedded({ file: folder.file() });
    expect(await second.backlog()).toBe(1);
    await succeeded(second, ended!, queued!);
    expect(await second.backlog()).toBe(0);
    const { batch: _, ...nameless } = ended!;
    const strangers = [
      { ...ended!, batch: 'b2' },
      { ...queued!, batch: 'b1' },
      { ...nameless, index: 'books' },
    ];
    expect((await second.outcomes(strangers)).map(({ status }) => status)).toEqual(strangers.map(() => 'unknown'));
    await succeeded(second, nameless);
    await second.close();
  });

  it('gives no index the creation time of another, also where the clock stands still', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    const first = embedded({ file: folder.file() });
    await succeeded(first, await first.indexes.create('films'));
    const before = await first.indexes.get('films');
    await first.close();
    const second = embedded({ file: folder.file() });
    await succeeded(second, await second.indexes.drop('films'), await second.indexes.create('films'));
    expect((await second.indexes.get('films'))!.createdAt > before!.createdAt).toBe(true);
    await second.close();
    clock.mockRestore();
  });

  it('opens a file of the first format, and carries out what is queued in it', async () => {
    const written = embedded({ file: folder.file() });
    const [done] = await written.upsert('films', films(1));
    const failed = await written.indexes.create('films');
    await ended(written, done!, failed);
    const [queued] = await written.remove('films', ['f0']);
    await written.close();
    const database = openSqlite(folder.file());
    for (const column of ['index_name', 'batch', 'document']) database.exec(`ALTER TABLE tasks DROP COLUMN ${column}`);
    database.exec('PRAGMA user_version = 1');
    database.close();

    const opened = embedded({ file: folder.file() });
    await succeeded(opened, done!, queued!, ...(await opened.upsert('films', films(1), { batch: 'b' })));
    expect(await opened.outcomes([failed, { ...done!, batch: 'b' }])).toMatchObject([
      { status: 'failed', error: { code: 'index_already_exists', document: null, kind: 'engine' } },
      { status: 'unknown' },
    ]);
    await opened.close();
    await embedded({ file: folder.file() }).close();
  });

  it('goes on giving task ids and document places where it stopped', async () => {
    const first = embedded({ file: folder.file() });
    const [before] = await first.upsert('films', films(3));
    await succeeded(first, before!, ...(await first.remove('films', ['f1'])));
    await first.close();
    const second = embedded({ file: folder.file() });
    const [after] = await second.upsert('films', [film('new', { title: 'new' })]);
    await succeeded(second, after!);
    expect(after!.id).toBe(before!.id + 2);
    expect(await keysOf(second, 'films')).toEqual(['f0', 'new', 'f2']);
    await second.close();
  });

  it('finds words with capitals of other alphabets and with spaces that separate nothing, opened again', async () => {
    const first = embedded({ file: folder.file() });
    await succeeded(first, ...(await first.upsert('films', [film('1', { title: 'Ａｂｃ', note: 'no\u00a0break' })])));
    await first.close();
    const second = embedded({ file: folder.file() });
    expect(await keysOf(second, 'films', { text: 'Ａｂｃ' })).toEqual(['1']);
    expect(await keysOf(second, 'films', { text: 'no\u00a0brea' })).toEqual(['1']);
    await second.close();
  });

  it('carries out every accepted task after the process was killed in the middle of them', async () => {
    const child = startChild('child-writer.ts', folder.file(), '30', '400');
    const { tasks } = (await messageFrom(child)) as { tasks: TaskRef[] };
    await killed(child);

    const backend = embedded({ file: folder.file() });
    const atOpening = await backend.outcomes(tasks);
    expect(atOpening[0]).toMatchObject({ status: 'succeeded' });
    // Otherwise the child had done all the work before it was killed, and this test shows nothing.
    expect(atOpening.at(-1)).toMatchObject({ status: 'enqueued' });
    await succeeded(backend, ...tasks);
    expect(await backend.indexes.stats('films')).toEqual({ documents: 30 * 400 - 1, indexing: false });
    expect(await keysOf(backend, 'films', { text: '"film number 11999"' })).toEqual(['f11999']);
    expect(await keysOf(backend, 'films', { text: '"film number 1"' })).toEqual([]);
    const wanted = { filter: { kind: 'equals', field: 'year', value: 1942 }, page: { number: 1, size: 1000 } } as const;
    expect(await keysOf(backend, 'films', wanted)).toHaveLength(120);
    await backend.close();
  });

  it('makes words and facets anew after the process was killed while it did so', async () => {
    const child = startChild('child-writer.ts', folder.file(), '30', '400', 'rebuild');
    const { tasks } = (await messageFrom(child)) as { tasks: TaskRef[] };
    await killed(child);

    const backend = embedded({ file: folder.file() });
    const rebuild = tasks.at(-1)!;
    expect(await backend.outcomes([rebuild])).toMatchObject([{ status: 'enqueued' }]);
    expect(await keysOf(backend, 'films', { text: '"film number 11999"' })).toEqual(['f11999']);
    await succeeded(backend, rebuild);
    expect(await keysOf(backend, 'films', { text: '"film number 11999"' })).toEqual(['f11999']);
    expect(await keysOf(backend, 'films', { text: '1942' })).toHaveLength(120);
    const wanted = { filter: { kind: 'equals', field: 'title', value: 'FILM number 7' } } as const;
    expect(await keysOf(backend, 'films', wanted)).toEqual(['f7']);
    await backend.close();
  });

  it('is one engine for two backends of one process, until both are closed', async () => {
    const left = embedded({ file: folder.file() });
    const linked = join(dirname(folder.file()), 'linked');
    symlinkSync(dirname(folder.file()), linked);
    const right = embedded({ file: join(linked, 'search.db') });
    await succeeded(left, ...(await left.upsert('films', films(2))));
    await succeeded(right, ...(await right.upsert('films', films(2, 1))));
    expect(await keysOf(left, 'films')).toEqual(['f0', 'f1', 'f2']);
    await left.close();
    await left.close();
    await expect(left.indexes.get('films')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await keysOf(right, 'films')).toEqual(['f0', 'f1', 'f2']);
    await right.close();
    await expect(right.indexes.get('films')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('is refused to another process while it is open, and given to it afterwards', async () => {
    const backend = embedded({ file: folder.file() });
    expect(await messageFrom(startChild('child-opener.ts', folder.file()))).toBe('BACKEND_BUSY');
    await succeeded(backend, ...(await backend.upsert('films', films(1))));
    await backend.close();
    expect(await messageFrom(startChild('child-opener.ts', folder.file()))).toBe('opened');
  });

  it('refuses a folder that is not there and a file that is no database', () => {
    const missing = folder.file('missing/search.db');
    expect(() => embedded({ file: missing })).toThrow(expect.objectContaining({ code: 'BACKEND_UNREACHABLE' }));
    expect(existsSync(dirname(missing))).toBe(false);
    writeFileSync(folder.file('text.db'), 'This is a text that somebody keeps here, and no database. '.repeat(20));
    expect(() => embedded({ file: folder.file('text.db') })).toThrow(
      expect.objectContaining({ code: 'BACKEND_BROKEN' }),
    );
    mkdirSync(folder.file('folder.db'));
    expect(() => embedded({ file: folder.file('folder.db') })).toThrow(
      expect.objectContaining({ code: 'BACKEND_UNREACHABLE' }),
    );
    expect(() => embedded({ file: '' })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => embedded({ path: 'x' } as object)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
