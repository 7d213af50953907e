/** Members of the messages of a span: at its start, and those that are added until its end. */
export interface SpanMembers {
  readonly start: readonly string[];
  readonly added: readonly string[];
}

/** Every name that is published on, with every member of its messages: a change here is a change of what users read. */
export const SPAN_MEMBERS: Readonly<Record<string, SpanMembers>> = {
  'scrypath:sync': { start: ['entity', 'index', 'mode', 'operation'], added: ['status', 'documents'] },
  'scrypath:search': { start: ['entity', 'index'], added: ['hits'] },
  'scrypath:hydration': { start: ['entity', 'index', 'hits'], added: ['records', 'missing'] },
  'scrypath:worker:batch': {
    start: ['rows'],
    added: ['entities', 'indexes', 'keys', 'upserts', 'deletes', 'outcome'],
  },
  'scrypath:worker:settle': { start: ['batches'], added: ['completed', 'retrying', 'discarded'] },
  'scrypath:backfill': { start: ['entity', 'index', 'mode'], added: ['rows', 'documents', 'skipped', 'failed'] },
  'scrypath:backfill:page': { start: ['entity', 'index', 'rows', 'documents', 'skipped'], added: ['tasks'] },
  'scrypath:verify': {
    start: ['entity', 'index'],
    added: ['rows', 'documents', 'missing', 'extra', 'stale', 'failed', 'pending', 'clean'],
  },
  'scrypath:reindex': { start: ['entity', 'index', 'operation'], added: ['target', 'state'] },
  'scrypath:reindex:step': { start: ['entity', 'index', 'target', 'step'], added: [] },
  'scrypath:embedded:request': { start: ['operation', 'index'], added: [] },
  'scrypath:embedded:task_wait': { start: ['tasks', 'polls'], added: ['outcome'] },
  'scrypath:meilisearch:request': {
    start: ['method', 'route', 'index', 'address', 'port', 'status', 'requestBytes', 'responseBytes'],
    added: [],
  },
  'scrypath:meilisearch:task_wait': { start: ['tasks', 'polls'], added: ['outcome'] },
};

export const EVENT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  'scrypath:documents:applied': ['entity', 'documents', 'source'],
  'scrypath:work:retrying': ['entity', 'reason', 'code', 'rows'],
  'scrypath:work:discarded': ['entity', 'reason', 'code', 'rows'],
  'scrypath:index:replaced': ['index'],
  'scrypath:capture:unresolved': ['statement', 'entity'],
};

/** Names that nobody publishes on where the engine is another. */
export const ofEngine = (name: string, engine: string): boolean =>
  !/^scrypath:(embedded|meilisearch):/.test(name) || name.startsWith(`scrypath:${engine}:`);
