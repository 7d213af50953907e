import { randomUUID } from 'node:crypto';
import { type MeilisearchBackend, meilisearch } from 'scrypath/meilisearch';
import type { TaskRef } from '../../src/backend/task';
import type { JsonObject } from '../../src/document/json';
import { reachable } from '../stacks/reachable';

const engine = reachable().engines.meilisearch;
const server = engine.there && engine.at !== null ? engine.at : { url: '', apiKey: '' };
const onMeilisearch = engine.there ? describe : describe.skip;

onMeilisearch(`the extent of an index [meilisearch]${engine.there ? '' : ` (skipped: ${engine.reason})`}`, () => {
  const index = `test-${randomUUID()}`;
  let backend: MeilisearchBackend;

  beforeAll(async () => {
    backend = meilisearch({ host: server.url, apiKey: server.apiKey });
    await ended([await backend.indexes.create(index)]);
  });
  afterAll(async () => {
    await ended([await backend.indexes.drop(index)]);
    await backend.close();
  });

  const ended = async (tasks: readonly TaskRef[]): Promise<void> => {
    for (const { status } of await backend.outcomes(tasks, { waitMs: 30_000 })) expect(status).toBe('succeeded');
  };
  const extent = () => backend.documents.extent!(index);
  const store = async (data: JsonObject, ...keys: string[]) =>
    ended(
      await backend.upsert(
        index,
        keys.map((key) => ({ key, data, source: 'fields' as const })),
      ),
    );

  it('has another mark after every write that changes something, and the same one without', async () => {
    const marks = [(await extent()).mark];
    const counts: number[] = [];
    const writes = [
      () => store({ n: 1 }, '1', '2'),
      () => store({ n: 2 }, '1'),
      async () => ended(await backend.remove(index, ['2'])),
      () => store({ n: 2 }, '3'),
    ];
    for (const write of writes) {
      await write();
      const { documents, mark } = await extent();
      expect(await extent()).toEqual({ documents, mark });
      counts.push(documents);
      marks.push(mark);
    }
    expect(counts).toEqual([2, 2, 1, 2]);
    expect(new Set(marks).size).toBe(writes.length + 1);
  });

  it('is that of the index behind the name, after a swap too', async () => {
    const other = `${index}-other`;
    await ended([await backend.indexes.create(other)]);
    const before = await extent();
    await ended([await backend.indexes.swap(index, other)]);
    const after = await extent();
    expect(after.documents).toBe(0);
    expect(after.mark).not.toBe(before.mark);
    await ended([await backend.indexes.drop(other)]);
  });

  it('gives the texts of documents, which are what `fetch` gives', async () => {
    const data = { name: 'Žluťoučký "kůň" \u2028 \n', list: [{ n: 1e-7 }, null], nested: { _key: 'inner' } };
    await store(data, 'a');
    await store({ n: 1 }, 'b');
    for (const keys of [['b'], ['a', 'b', 'none']]) {
      const texts = await backend.documents.texts!(index, keys);
      const read = [...texts].map(([key, text]) => ({ key, data: JSON.parse(`{${text}}`) as JsonObject }));
      expect(read.sort((one, two) => one.key.localeCompare(two.key))).toEqual(
        [...(await backend.documents.fetch(index, keys))].sort((one, two) => one.key.localeCompare(two.key)),
      );
    }
    await expect(backend.documents.texts!(`${index}-none`, ['a'])).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
  });
});
