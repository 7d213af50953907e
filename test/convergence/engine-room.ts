import type { Backend } from 'scrypath';
import { ScrypathError } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { type Faults, withFaults } from 'scrypath/testing';
import { type Contents, canonical } from './oracle';

/** The engine for all processes of a history: what goes wrong inside it, and what is in it. */
export interface EngineRoom {
  readonly backend: Backend;
  readonly faults: Faults;
  /** While set, tasks look as if they had not ended. */
  slow: boolean;
  /** While set, a batch becomes two tasks that do not say what is in which. */
  splits: boolean;
  /** Keys of documents that came with something that the engine does not take. */
  readonly poisoned: Set<string>;
  /** Resolves when every task that was accepted has ended. */
  idle(): Promise<void>;
  contents(index: string): Promise<Contents>;
  empty(index: string): Promise<void>;
  close(): Promise<void>;
}

/** A title that begins so makes its document fail in the engine, for good. */
export const POISON = 'poison';
/** A title that begins so makes the engine refuse the request. */
export const REFUSED = 'refused';

type Address = { readonly url: string; readonly apiKey: string };

/** @param at a real server; without one the embedded engine is used */
export function openEngineRoom(at: Address | null): EngineRoom {
  const engine = at === null ? embedded() : meilisearch({ host: at.url, apiKey: at.apiKey });
  const { backend, faults } = withFaults(engine);
  const idle = async () => {
    while ((await engine.backlog!()) > 0) await new Promise((resolve) => setTimeout(resolve, at === null ? 0 : 10));
  };
  const room: EngineRoom = {
    faults,
    slow: false,
    splits: false,
    poisoned: new Set(),
    backend: {
      ...backend,
      upsert: async (index, documents, options) => {
        for (const { key, data } of documents)
          if ([POISON, REFUSED].some((bad) => titleOf(data).startsWith(bad))) room.poisoned.add(key);
        if (documents.some(({ data }) => titleOf(data).startsWith(REFUSED)))
          throw new ScrypathError({
            code: 'BACKEND_REJECTED',
            happened: 'The engine refused the request (simulated).',
          });
        if (!room.splits) return backend.upsert(index, documents, options);
        const middle = Math.ceil(documents.length / 2);
        const halves = [documents.slice(0, middle), documents.slice(middle)];
        const tasks = await Promise.all(halves.map((half) => backend.upsert(index, half, { batch: options?.batch })));
        return tasks.flat().map(({ count: _, ...task }) => task);
      },
      outcomes: async (tasks, options) => {
        if (at === null) await idle();
        const outcomes = await backend.outcomes(tasks, options);
        return room.slow ? outcomes.map((one) => ({ ...one, status: 'processing', error: null })) : outcomes;
      },
    },
    idle,
    contents: async (index) => {
      await idle();
      return at === null ? scanned(engine, index) : fetched(at, index);
    },
    empty: async (index) => {
      await idle();
      const keys = [...(await room.contents(index)).keys()];
      await engine.outcomes(await engine.remove(index, keys), { waitMs: 30_000 });
    },
    close: async () => engine.close?.(),
  };
  return room;
}

export const titleOf = (data: object | undefined): string => String((data as { title?: unknown } | undefined)?.title);

/** From the embedded engine's own pages. */
async function scanned(engine: Backend, index: string): Promise<Contents> {
  const contents = new Map<string, string>();
  for await (const page of engine.documents.scan(index))
    for (const { key, data } of page) contents.set(key, canonical(data));
  return contents;
}

/** By raw HTTP. */
async function fetched({ url, apiKey }: Address, index: string): Promise<Contents> {
  const answer = await fetch(`${url}/indexes/${index}/documents?limit=1000`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const { results } = (await answer.json()) as { results: Record<string, unknown>[] };
  return new Map(results.map(({ _key, ...data }) => [String(_key), canonical(data)]));
}
