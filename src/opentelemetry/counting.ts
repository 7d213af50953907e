import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Counter, Meter } from '@opentelemetry/api';
import {
  type DocumentsApplied,
  SPAN_NAMES,
  type SpanContext,
  type SpanFacts,
  type UnresolvedWrite,
  type WorkFailed,
} from '../index.js';
import { errorTypeOf } from './error-type.js';
import { type MetricName, OPENTELEMETRY_METRICS } from './metric-table.js';

/** Seconds; a search is a few milliseconds, or as long as its time-out. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Listener = readonly [channel: string, listen: (message: never) => void];

/** Counts what is published on the channels of this process. */
export function startCounting(meter: Meter): () => void {
  const listeners = listenersOf(meter).map(([channel, listen]) => {
    const listener = (message: unknown): void => listen(message as never);
    subscribe(channel, listener);
    return () => unsubscribe(channel, listener);
  });
  return () => {
    for (const stop of listeners) stop();
  };
}

function listenersOf(meter: Meter): readonly Listener[] {
  const counter = (name: MetricName): Counter => meter.createCounter(name, of(name));
  const duration = meter.createHistogram('scrypath.search.duration', {
    ...of('scrypath.search.duration'),
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const searched = ({ entity, index, durationMs = 0, ...rest }: SpanContext<SpanFacts['scrypath:search']>) =>
    duration.record(durationMs / 1000, {
      'scrypath.entity': entity,
      'db.collection.name': index,
      ...('error' in rest && { 'error.type': errorTypeOf(rest.error) }),
    });

  const applied = counter('scrypath.documents.applied');
  const retrying = counter('scrypath.work.retrying');
  const discarded = counter('scrypath.work.discarded');
  const failures = counter('scrypath.failures');
  const missing = counter('scrypath.hydration.missing');
  const replaced = counter('scrypath.index.replaced');
  const unresolved = counter('scrypath.capture.unresolved');
  const failed =
    (work: Counter) =>
    ({ entity, reason, code, rows }: WorkFailed) =>
      work.add(rows, {
        'scrypath.entity': entity,
        'scrypath.work.reason': reason,
        ...(code !== null && { 'error.type': code }),
      });
  return [
    ['scrypath:search:end', searched],
    ['scrypath:search:error', searched],
    [
      'scrypath:hydration:end',
      ({ entity, index, missing: count = 0 }: SpanFacts['scrypath:hydration']) =>
        missing.add(count, { 'scrypath.entity': entity, 'db.collection.name': index }),
    ],
    [
      'scrypath:documents:applied',
      ({ entity, documents, source }: DocumentsApplied) =>
        applied.add(documents, { 'scrypath.source': source, ...(entity !== null && { 'scrypath.entity': entity }) }),
    ],
    ['scrypath:work:retrying', failed(retrying)],
    ['scrypath:work:discarded', failed(discarded)],
    // Without its name: that of a rebuild's target is another one each time.
    ['scrypath:index:replaced', () => replaced.add(1)],
    [
      'scrypath:capture:unresolved',
      ({ entity, statement }: UnresolvedWrite) =>
        unresolved.add(1, { 'scrypath.entity': entity, 'scrypath.capture.statement': statement }),
    ],
    // Of the core only: an engine is also asked for what may not be there, and what it fails in fails behind it.
    ...SPAN_NAMES.map(
      (name): Listener => [
        `${name}:error`,
        ({ error }: SpanContext<object>) =>
          failures.add(1, { 'scrypath.operation': name, 'error.type': errorTypeOf(error) }),
      ],
    ),
  ];
}

export function of(name: MetricName) {
  const { unit, description } = OPENTELEMETRY_METRICS[name];
  return { unit, description };
}
