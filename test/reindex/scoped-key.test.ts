import { meilisearch } from 'scrypath/meilisearch';
import { reachable } from '../stacks/reachable';
import { aPrefix, placesOn } from './place';

const engine = reachable().engines.meilisearch;
const server = engine.there && engine.at !== null ? engine.at : { url: '', apiKey: '' };

(server.apiKey === '' ? describe.skip : describe)(
  'a key that sees the indexes of one prefix alone [meilisearch]',
  () => {
    const place = placesOn({ database: 'sqlite', engine: 'meilisearch' });

    it('sees no task of a swap, and whether it happened is known all the same', async () => {
      const prefix = aPrefix();
      const answer = await fetch(`${server.url}/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          indexes: [`${prefix}*`],
          actions: ['search', 'documents.*', 'indexes.*', 'settings.*', 'stats.get', 'tasks.get'],
          expiresAt: null,
        }),
      });
      const { key } = (await answer.json()) as { key: string };
      const backend = meilisearch({ host: server.url, apiKey: key });
      const { items, backend: seen, created, documents, rows, repository, written } = await place({ prefix, backend });
      const swaps: string[] = [];
      const { swap } = seen.indexes;
      jest.spyOn(seen.indexes, 'swap').mockImplementation(async (...given) => {
        const task = await swap(...given);
        const [outcome] = await seen.outcomes([task], { waitMs: 1_000 });
        swaps.push(outcome!.status);
        return task;
      });
      const before = await created();
      const rebuild = await items.reindex();
      expect(rebuild.audit).toMatchObject({ state: 'kept', cutover: { happened: true } });
      expect(await created(rebuild.audit.target)).toBe(before);
      await written(() => repository.update(3, { name: 'written behind it' }));
      expect(await documents()).toEqual(await rows());
      expect(await rebuild.rollback()).toMatchObject({ state: 'rolled_back' });
      expect(await created()).toBe(before);
      expect(await documents()).toEqual(await rows());
      expect(swaps).toEqual(['unknown', 'unknown']);
    });

    it('may not swap at all: that is told, and nothing has happened', async () => {
      const prefix = aPrefix();
      const answer = await fetch(`${server.url}/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          indexes: [`${prefix}*`],
          actions: [
            'search',
            'documents.*',
            'indexes.create',
            'indexes.get',
            'indexes.delete',
            'settings.*',
            'tasks.get',
          ],
          expiresAt: null,
        }),
      });
      const { key } = (await answer.json()) as { key: string };
      const { items, created } = await place({ prefix, backend: meilisearch({ host: server.url, apiKey: key }) });
      const before = await created();
      await expect(items.reindex()).rejects.toMatchObject({ code: 'BACKEND_FORBIDDEN' });
      const rebuild = (await items.rebuild())!;
      expect(rebuild.state).toBe('ready');
      expect(await created()).toBe(before);
      expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned' });
    });
  },
);
