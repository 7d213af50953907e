import type { SearchParams, Settings } from 'meilisearch';
import { checkedIndexName } from '../backend/names.js';
import { type DocumentKey, KEY_ATTRIBUTE } from '../document/search-document.js';
import type { EngineRequest } from './connection.js';
import type { RequestFacts } from './engine-failure.js';
import { checkedTaskId } from './task-id.js';

// The routes that this backend uses. Names and ids are checked here, at the only place where they enter a path.

export const searchRequest = (index: string, body: SearchParams): EngineRequest => ({
  ...onIndex(index, 'POST', '/search'),
  body,
  repeatable: true,
});

export const upsertRequest = (index: string, lines: Uint8Array, batch?: string): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents', `?primaryKey=${KEY_ATTRIBUTE}${kept(batch, '&')}`),
  body: lines,
  contentType: 'application/x-ndjson',
});

export const removeRequest = (index: string, keys: string, batch?: string): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents/delete-batch', kept(batch, '?')),
  body: keys,
  contentType: 'application/json',
});

/** Text that the engine keeps with the task and tells with it. */
const kept = (batch: string | undefined, before: string): string =>
  batch === undefined ? '' : `${before}customMetadata=${encodeURIComponent(batch)}`;

export const scanRequest = (index: string, offset: number, limit: number): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents/fetch'),
  body: { offset, limit },
  repeatable: true,
});

export const keysRequest = (index: string, offset: number, limit: number): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents/fetch'),
  body: { offset, limit, fields: [KEY_ATTRIBUTE] },
  repeatable: true,
});

/** No document: the answer says how many there are. */
export const countRequest = (index: string): EngineRequest => keysRequest(index, 0, 0);

/** By POST: the client's own method puts the ids into the address, which ends at a few thousand. */
export const fetchRequest = (index: string, keys: readonly DocumentKey[]): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents/fetch'),
  body: { ids: keys, limit: keys.length },
  repeatable: true,
});

export const createIndexRequest = (index: string, primaryKey: string): EngineRequest => ({
  method: 'POST',
  route: '/indexes',
  path: 'indexes',
  index: checkedIndexName(index),
  body: { uid: index, primaryKey },
});

export const indexRequest = (index: string): EngineRequest => ({ ...onIndex(index, 'GET', ''), repeatable: true });

export const dropIndexRequest = (index: string): EngineRequest => onIndex(index, 'DELETE', '');

export const settingsRequest = (index: string): EngineRequest => ({
  ...onIndex(index, 'GET', '/settings'),
  repeatable: true,
});

export const applySettingsRequest = (index: string, settings: Settings): EngineRequest => ({
  ...onIndex(index, 'PATCH', '/settings'),
  body: settings,
});

export const statsRequest = (index: string): EngineRequest => ({
  ...onIndex(index, 'GET', '/stats'),
  repeatable: true,
});

export const swapRequest = (pairs: readonly (readonly [string, string])[]): EngineRequest => ({
  method: 'POST',
  route: '/swap-indexes',
  path: 'swap-indexes',
  index: pairs[0]?.[0] ?? null,
  body: pairs.map((pair) => ({ indexes: pair.map(checkedIndexName) })),
});

export const tasksRequest = (ids: readonly number[], about: Pick<RequestFacts, 'index' | 'task'>): EngineRequest => ({
  method: 'GET',
  route: '/tasks',
  path: `tasks?uids=${ids.map(checkedTaskId).join(',')}&limit=${ids.length}`,
  ...about,
  repeatable: true,
});

/** The newest swaps that ran. */
export const swapsRequest = (limit: number): EngineRequest => ({
  method: 'GET',
  route: '/tasks',
  path: `tasks?types=indexSwap&statuses=succeeded&limit=${limit}`,
  index: null,
  repeatable: true,
});

/** The newest failed tasks of an index. */
/** @param before an id: tasks with a lower one; 0 has none, which `from` cannot say */
export const failuresRequest = (index: string, limit: number, before: number | undefined): EngineRequest => ({
  method: 'GET',
  route: '/tasks',
  path: `tasks?statuses=failed&indexUids=${checkedIndexName(index)}&limit=${before === 0 ? 0 : limit}${before ? `&from=${before - 1}` : ''}`,
  index,
  repeatable: true,
});

export const backlogRequest = (): EngineRequest => ({
  method: 'GET',
  route: '/tasks',
  path: 'tasks?statuses=enqueued,processing&limit=0',
  index: null,
  repeatable: true,
});

export const taskRequest = (id: number): EngineRequest => ({
  method: 'GET',
  route: '/tasks/:uid',
  path: `tasks/${checkedTaskId(id)}`,
  index: null,
  task: { id, index: '' },
  repeatable: true,
});

export const versionRequest = (): EngineRequest => ({
  method: 'GET',
  route: '/version',
  path: 'version',
  index: null,
  repeatable: true,
});

// Requests that the engine refuses for their body, once it has found that the key allows them.

export const refusedUpsertRequest = (index: string): EngineRequest => ({
  ...onIndex(index, 'POST', '/documents'),
  body: 'none',
  contentType: 'text/plain',
});

export const refusedSettingsRequest = (index: string): EngineRequest => ({
  ...onIndex(index, 'PATCH', '/settings'),
  body: '[]',
  contentType: 'application/json',
});

export const refusedCreateRequest = (): EngineRequest => ({
  method: 'POST',
  route: '/indexes',
  path: 'indexes',
  index: null,
  body: {},
});

export const refusedSwapRequest = (): EngineRequest => ({
  method: 'POST',
  route: '/swap-indexes',
  path: 'swap-indexes',
  index: null,
  body: {},
});

const onIndex = (index: string, method: EngineRequest['method'], rest: string, query = ''): EngineRequest => ({
  method,
  route: `/indexes/:uid${rest}`,
  path: `indexes/${checkedIndexName(index)}${rest}${query}`,
  index,
});
