import type { Attributes } from '@opentelemetry/api';

/** How one operation is shown as a span. */
export interface SpanRow {
  /** Name of the span; `{…}` stands for a fact of the operation. */
  readonly name: string;
  readonly kind: 'internal' | 'client' | 'consumer';
  /** The attribute that each fact becomes. A fact that is null or not known yet becomes none. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly constant?: Readonly<Record<string, string>>;
}

const ENTITY = { entity: 'scrypath.entity', index: 'db.collection.name' };
const TASK_WAIT = { tasks: 'scrypath.task.ids', polls: 'scrypath.task.polls', outcome: 'scrypath.task.outcome' };

/** Every span, by the name of its operation. Names of the semantic conventions where they have one. */
export const OPENTELEMETRY_SPANS: Readonly<Record<string, SpanRow>> = Object.freeze({
  'scrypath:sync': {
    name: 'scrypath.sync',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      mode: 'scrypath.sync.mode',
      operation: 'db.operation.name',
      status: 'scrypath.sync.status',
      documents: 'scrypath.documents',
    },
  },
  'scrypath:search': {
    name: 'scrypath.search',
    kind: 'internal',
    attributes: { ...ENTITY, hits: 'scrypath.hits' },
  },
  'scrypath:hydration': {
    name: 'scrypath.hydration',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      hits: 'scrypath.hits',
      records: 'scrypath.hydration.records',
      missing: 'scrypath.hydration.missing',
    },
  },
  'scrypath:worker:batch': {
    name: 'scrypath.worker.batch',
    kind: 'consumer',
    attributes: {
      rows: 'scrypath.rows',
      entities: 'scrypath.batch.entities',
      indexes: 'scrypath.batch.indexes',
      keys: 'scrypath.batch.keys',
      upserts: 'scrypath.batch.upserts',
      deletes: 'scrypath.batch.deletes',
      outcome: 'scrypath.batch.outcome',
    },
  },
  'scrypath:worker:settle': {
    name: 'scrypath.worker.settle',
    kind: 'consumer',
    attributes: {
      batches: 'scrypath.settle.batches',
      completed: 'scrypath.settle.completed',
      retrying: 'scrypath.settle.retrying',
      discarded: 'scrypath.settle.discarded',
    },
  },
  'scrypath:backfill': {
    name: 'scrypath.backfill',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      mode: 'scrypath.backfill.mode',
      rows: 'scrypath.rows',
      documents: 'scrypath.documents',
      skipped: 'scrypath.backfill.skipped',
      failed: 'scrypath.backfill.failed',
    },
  },
  'scrypath:backfill:page': {
    name: 'scrypath.backfill.page',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      rows: 'scrypath.rows',
      documents: 'scrypath.documents',
      skipped: 'scrypath.backfill.skipped',
      tasks: 'scrypath.task.ids',
    },
  },
  'scrypath:verify': {
    name: 'scrypath.verify',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      rows: 'scrypath.rows',
      documents: 'scrypath.documents',
      missing: 'scrypath.verify.missing',
      extra: 'scrypath.verify.extra',
      stale: 'scrypath.verify.stale',
      failed: 'scrypath.verify.failed',
      pending: 'scrypath.verify.pending',
      clean: 'scrypath.verify.clean',
    },
  },
  'scrypath:reindex': {
    name: 'scrypath.reindex',
    kind: 'internal',
    attributes: {
      ...ENTITY,
      operation: 'scrypath.reindex.operation',
      target: 'scrypath.reindex.target',
      state: 'scrypath.reindex.state',
    },
  },
  'scrypath:reindex:step': {
    name: 'scrypath.reindex.step',
    kind: 'internal',
    attributes: { ...ENTITY, target: 'scrypath.reindex.target', step: 'scrypath.reindex.step' },
  },
  'scrypath:embedded:request': {
    name: 'scrypath.embedded.request',
    kind: 'internal',
    attributes: { operation: 'db.operation.name', index: 'db.collection.name' },
    constant: { 'db.system.name': 'scrypath.embedded' },
  },
  'scrypath:embedded:task_wait': {
    name: 'scrypath.embedded.task_wait',
    kind: 'internal',
    attributes: TASK_WAIT,
    constant: { 'db.system.name': 'scrypath.embedded' },
  },
  'scrypath:meilisearch:request': {
    name: '{method} {route}',
    kind: 'client',
    attributes: {
      method: 'http.request.method',
      route: 'url.template',
      index: 'db.collection.name',
      address: 'server.address',
      port: 'server.port',
      status: 'http.response.status_code',
      requestBytes: 'http.request.body.size',
      responseBytes: 'http.response.body.size',
    },
    constant: { 'db.system.name': 'meilisearch' },
  },
  'scrypath:meilisearch:task_wait': {
    name: 'scrypath.meilisearch.task_wait',
    kind: 'internal',
    attributes: TASK_WAIT,
    constant: { 'db.system.name': 'meilisearch' },
  },
});

/** Ids in one attribute at most: a look at the tasks of a long backlog has hundreds. */
const MOST_IDS = 100;

type Facts = Readonly<Record<string, unknown>>;

export function attributesOf({ attributes, constant }: SpanRow, facts: Facts): Attributes {
  const found: Attributes = { ...constant };
  for (const [fact, attribute] of Object.entries(attributes)) {
    const value = facts[fact];
    if (value === null || value === undefined) continue;
    found[attribute] = Array.isArray(value) ? value.slice(0, MOST_IDS) : (value as string | number | boolean);
  }
  return found;
}

export const spanNameOf = ({ name }: SpanRow, facts: Facts): string =>
  name.replace(/\{(\w+)\}/g, (_, fact: string) => String(facts[fact]));
