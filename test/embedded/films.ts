import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../../src/backend/backend.js';
import type { TaskOutcome, TaskRef } from '../../src/backend/task.js';
import type { JsonObject } from '../../src/document/json.js';
import type { SearchDocument } from '../../src/document/search-document.js';
import type { SearchQuery } from '../../src/query/search-query.js';

export const film = (key: string, data: JsonObject): SearchDocument => ({ key, data, source: 'fields' });

/** As many films as asked for, with titles that differ. */
export const films = (count: number, from = 0): SearchDocument[] =>
  Array.from({ length: count }, (_, i) =>
    film(`f${from + i}`, { title: `film number ${from + i}`, year: 1900 + (i % 100) }),
  );

export const queryOf = (given: Partial<SearchQuery> = {}): SearchQuery => ({
  text: '',
  filter: null,
  sort: [],
  page: { number: 1, size: 20 },
  total: 'exact',
  facets: [],
  highlight: null,
  matching: 'last',
  ...given,
});

/** Waits for tasks, and fails where one did not succeed. */
export async function succeeded(backend: Backend, ...tasks: readonly TaskRef[]): Promise<void> {
  const outcomes = await ended(backend, ...tasks);
  expect(outcomes.filter(({ status }) => status !== 'succeeded')).toEqual([]);
}

export const ended = (backend: Backend, ...tasks: readonly TaskRef[]): Promise<readonly TaskOutcome[]> =>
  backend.outcomes(tasks, { waitMs: 60_000 });

export async function keysOf(backend: Backend, index: string, query: Partial<SearchQuery> = {}): Promise<string[]> {
  const { hits } = await backend.search(index, queryOf({ page: { number: 1, size: 1000 }, ...query }));
  return hits.map(({ key }) => key);
}

/** A folder of its own for the files of a test. */
export class Folder {
  private readonly path = mkdtempSync(join(tmpdir(), 'scrypath-embedded-'));

  file(name = 'search.db'): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
