/** One instrument. */
export interface MetricRow {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
}

const ENTITY = 'scrypath.entity';
const INDEX = 'db.collection.name';

/** Every metric by its name, with each attribute that a value of it may have. */
export const OPENTELEMETRY_METRICS = Object.freeze({
  'scrypath.backlog': {
    kind: 'gauge',
    unit: '{row}',
    description: 'Work in the outbox, by how far it has got.',
    attributes: [ENTITY, INDEX, 'scrypath.work.state'],
  },
  'scrypath.lag': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest change that is not in the index and was not given up.',
    attributes: [ENTITY, INDEX],
  },
  'scrypath.observed': {
    kind: 'gauge',
    unit: '1',
    description: 'Whether backlog and lag were observed: 1, or 0 where they were not.',
    attributes: [ENTITY, INDEX],
  },
  'scrypath.documents.applied': {
    kind: 'counter',
    unit: '{document}',
    description: 'Documents written and removed, whose success the engine has reported.',
    attributes: [ENTITY, 'scrypath.source'],
  },
  'scrypath.work.retrying': {
    kind: 'counter',
    unit: '{row}',
    description: 'Work that failed and is tried again.',
    attributes: [ENTITY, 'scrypath.work.reason', 'error.type'],
  },
  'scrypath.work.discarded': {
    kind: 'counter',
    unit: '{row}',
    description: 'Work that was given up.',
    attributes: [ENTITY, 'scrypath.work.reason', 'error.type'],
  },
  'scrypath.failures': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Operations that ended with an error.',
    attributes: ['scrypath.operation', 'error.type'],
  },
  'scrypath.search.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long searches took, hydration included.',
    attributes: [ENTITY, INDEX, 'error.type'],
  },
  'scrypath.hydration.missing': {
    kind: 'counter',
    unit: '{document}',
    description: 'Hits without a row.',
    attributes: [ENTITY, INDEX],
  },
  'scrypath.index.replaced': {
    kind: 'counter',
    unit: '{index}',
    description: 'Indexes that were found to be other ones than those that were written to.',
    attributes: [],
  },
  'scrypath.capture.unresolved': {
    kind: 'counter',
    unit: '{write}',
    description: 'Writes that capture could not know.',
    attributes: [ENTITY, 'scrypath.capture.statement'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>);

export type MetricName = keyof typeof OPENTELEMETRY_METRICS;
