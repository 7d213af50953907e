import type { EntityMetadata } from 'typeorm';
import type { FanOutHook } from '../metadata/fan-out-hook.js';
import { recordKeyOf } from '../metadata/record-key.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { documentKeyOf, storedKeyOf } from '../outbox/stored-key.js';
import type { Dependency, OwnerPage } from './owner-page.js';

/**
 * The owners that an application's own code names. It is run anew for each page, and what it gives is put in order here:
 * it may give keys in another order each time, and change its mind in between.
 */
export function hookOwners(
  name: string,
  owner: SearchMetadata,
  changed: EntityMetadata,
  { keys }: FanOutHook,
): Dependency {
  const changedKey = recordKeyOf(changed);
  return {
    name,
    owner,
    page: async (manager, recordKey, after, limit): Promise<OwnerPage> => {
      const idMap = changedKey.tryIdMap(documentKeyOf(recordKey, changedKey.fields.length));
      if (idMap === null) return { recordKeys: [], after: null };
      const least = new Least(limit, after);
      for await (const page of pagesOf(keys([idMap], manager)))
        for (const key of page) least.take(storedKeyOf(owner.key.from(key)));
      return least.page();
    },
  };
}

type Given = ReturnType<FanOutHook['keys']>;

async function* pagesOf(given: Given): AsyncGenerator<readonly unknown[]> {
  if (Symbol.asyncIterator in given) yield* given;
  else yield await given;
}

/** The least texts behind a bound, each once: no more of them are held than two pages. */
class Least {
  #texts = new Set<string>();
  #left = false;

  constructor(
    readonly limit: number,
    readonly after: string | null,
  ) {}

  take(text: string): void {
    if (this.after !== null && text <= this.after) return;
    this.#texts.add(text);
    if (this.#texts.size >= 2 * this.limit + 2) this.#cut();
  }

  page(): OwnerPage {
    this.#cut();
    const recordKeys = [...this.#texts];
    return { recordKeys, after: this.#left ? recordKeys.at(-1)! : null };
  }

  #cut(): void {
    const sorted = [...this.#texts].sort();
    this.#left ||= sorted.length > this.limit;
    this.#texts = new Set(sorted.slice(0, this.limit));
  }
}
