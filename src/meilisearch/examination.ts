import type { CallOptions, EngineExamination } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { EngineRequest } from './connection.js';
import * as requests from './engine-requests.js';
import { isObject } from './search-request.js';

type Send = (request: EngineRequest, options: CallOptions | undefined) => Promise<unknown>;
type Permission = EngineExamination['permissions'][number];

/**
 * What each action of a key is asked by. The engine looks at the key before it looks at the body: what only lacks a right
 * body is allowed. So no request of these makes a task. There is none for `indexes.delete`.
 */
const PROBES: readonly (readonly [action: string, request: (index: string) => EngineRequest])[] = [
  ['search', (index) => requests.searchRequest(index, { q: '', limit: 0 })],
  ['documents.get', (index) => requests.scanRequest(index, 0, 0)],
  ['documents.add', (index) => requests.refusedUpsertRequest(index)],
  ['documents.delete', (index) => requests.removeRequest(index, '{}')],
  ['indexes.get', requests.indexRequest],
  ['settings.get', requests.settingsRequest],
  ['settings.update', (index) => requests.refusedSettingsRequest(index)],
  ['stats.get', requests.statsRequest],
];
const SHARED_PROBES: readonly (readonly [action: string, request: () => EngineRequest])[] = [
  ['indexes.create', requests.refusedCreateRequest],
  ['indexes.swap', requests.refusedSwapRequest],
  ['tasks.get', requests.backlogRequest],
];

/** From it on, tasks keep the id of the batch that made them. */
const OLDEST = '1.26.0';

/** The server's version, and what its key allows, by requests that change nothing. */
export async function examine(
  send: Send,
  indexes: readonly string[],
  options: CallOptions | undefined,
): Promise<EngineExamination> {
  const ofKey = SHARED_PROBES.map(([action, request]) => probe(send, action, null, request(), options));
  const ofIndexes = indexes.flatMap((index) =>
    PROBES.map(([action, request]) => probe(send, action, index, request(index), options)),
  );
  const permissions = await Promise.all([...ofKey, ...ofIndexes]);
  return Object.freeze({
    version: await versionOf(send, options),
    oldest: OLDEST,
    permissions: Object.freeze(permissions),
  });
}

async function probe(
  send: Send,
  action: string,
  index: string | null,
  request: EngineRequest,
  options: CallOptions | undefined,
): Promise<Permission> {
  const allowed = await send(request, options).then(
    () => true,
    (failure: unknown) => {
      options?.signal?.throwIfAborted();
      if (ScrypathError.is(failure, 'BACKEND_FORBIDDEN')) return false;
      return ScrypathError.is(failure, 'BACKEND_REJECTED') || ScrypathError.is(failure, 'INDEX_NOT_FOUND')
        ? true
        : null;
    },
  );
  return Object.freeze({ action, index, allowed });
}

/** Null where the key may not ask for it. */
async function versionOf(send: Send, options: CallOptions | undefined): Promise<string | null> {
  try {
    const answer = await send(requests.versionRequest(), options);
    return isObject(answer) && typeof answer.pkgVersion === 'string' ? answer.pkgVersion : null;
  } catch (failure) {
    if (ScrypathError.is(failure, 'BACKEND_FORBIDDEN')) return null;
    throw failure;
  }
}
