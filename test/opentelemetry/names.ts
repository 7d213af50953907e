/** Kind and attributes of every span; `?` stands behind an attribute that some do not have. */
export const SPAN_ATTRIBUTES: Readonly<Record<string, string>> = {
  'scrypath.sync':
    'INTERNAL db.collection.name db.operation.name error.type? scrypath.documents? scrypath.entity scrypath.sync.mode scrypath.sync.status?',
  'scrypath.search': 'INTERNAL db.collection.name error.type? scrypath.entity scrypath.hits?',
  'scrypath.hydration':
    'INTERNAL db.collection.name error.type? scrypath.entity scrypath.hits scrypath.hydration.missing? scrypath.hydration.records?',
  'scrypath.worker.batch':
    'CONSUMER error.type? scrypath.batch.deletes? scrypath.batch.entities? scrypath.batch.indexes? scrypath.batch.keys? scrypath.batch.outcome? scrypath.batch.upserts? scrypath.rows',
  'scrypath.worker.settle':
    'CONSUMER error.type? scrypath.settle.batches scrypath.settle.completed? scrypath.settle.discarded? scrypath.settle.retrying?',
  'scrypath.backfill':
    'INTERNAL db.collection.name error.type? scrypath.backfill.failed? scrypath.backfill.mode scrypath.backfill.skipped? scrypath.documents? scrypath.entity scrypath.rows?',
  'scrypath.backfill.page':
    'INTERNAL db.collection.name error.type? scrypath.backfill.skipped scrypath.documents scrypath.entity scrypath.rows scrypath.task.ids?',
  'scrypath.verify':
    'INTERNAL db.collection.name error.type? scrypath.documents? scrypath.entity scrypath.rows? scrypath.verify.clean? scrypath.verify.extra? scrypath.verify.failed? scrypath.verify.missing? scrypath.verify.pending? scrypath.verify.stale?',
  'scrypath.reindex':
    'INTERNAL db.collection.name error.type? scrypath.entity scrypath.reindex.operation scrypath.reindex.state? scrypath.reindex.target?',
  'scrypath.reindex.step':
    'INTERNAL db.collection.name error.type? scrypath.entity scrypath.reindex.step scrypath.reindex.target',
};

const TASK_WAIT = 'INTERNAL db.system.name error.type? scrypath.task.ids scrypath.task.outcome? scrypath.task.polls';
export const ENGINE_SPANS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  embedded: {
    'scrypath.embedded.request': 'INTERNAL db.collection.name? db.operation.name db.system.name error.type?',
    'scrypath.embedded.task_wait': TASK_WAIT,
  },
  meilisearch: {
    '<method> <route>':
      'CLIENT db.collection.name? db.system.name error.type? http.request.body.size http.request.method http.response.body.size http.response.status_code? server.address server.port url.template',
    'scrypath.meilisearch.task_wait': TASK_WAIT,
  },
};

/** Unit and attributes of every metric. */
export const METRIC_ATTRIBUTES: Readonly<Record<string, string>> = {
  'scrypath.backlog': '{row} db.collection.name scrypath.entity scrypath.work.state',
  'scrypath.lag': 's db.collection.name scrypath.entity',
  'scrypath.observed': '1 db.collection.name scrypath.entity',
  'scrypath.documents.applied': '{document} scrypath.entity scrypath.source',
  'scrypath.work.retrying': '{row} error.type? scrypath.entity scrypath.work.reason',
  'scrypath.work.discarded': '{row} error.type scrypath.entity scrypath.work.reason',
  'scrypath.failures': '{operation} error.type scrypath.operation',
  'scrypath.search.duration': 's db.collection.name error.type? scrypath.entity',
  'scrypath.hydration.missing': '{document} db.collection.name scrypath.entity',
  'scrypath.index.replaced': '{index}',
  'scrypath.capture.unresolved': '{write} scrypath.capture.statement scrypath.entity',
};
