import type { Attributes } from '@opentelemetry/api';
import { instrument, OPENTELEMETRY_METRICS } from 'scrypath/opentelemetry';
import { onEveryStack } from '../stacks/stack';
import { CanaryNote, canariesIn } from '../telemetry/canary';
import { doEverything, EVERYTHING_OPTIONS, isMeasured } from '../telemetry/everything';
import { ENGINE_SPANS, METRIC_ATTRIBUTES, SPAN_ATTRIBUTES } from './names';
import { isFailed, kindOf, type Point, Recording, useContextManager } from './recording';

/** A request is named after its method and its route. */
const familyOf = (name: string): string => (/^[A-Z]+ \//.test(name) ? '<method> <route>' : name);

function attributesIn(all: readonly { readonly attributes: Attributes }[]): string {
  const names = [...new Set(all.flatMap(({ attributes }) => Object.keys(attributes)))].sort();
  return names.map((name) => (all.every(({ attributes }) => name in attributes) ? name : `${name}?`)).join(' ');
}

function grouped<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one]);
  return groups;
}

useContextManager();
onEveryStack('what OpenTelemetry gets', (stack) => {
  if (!isMeasured(stack)) return;
  const opened = stack.use([CanaryNote], EVERYTHING_OPTIONS);
  const recording = new Recording();
  let points: readonly Point[] = [];

  beforeAll(async () => {
    const instrumentation = instrument(opened.scrypath, recording.providers);
    await doEverything(stack, opened);
    points = await recording.points();
    instrumentation.stop();
  }, 180_000);
  afterAll(() => recording.shutdown());

  it('are spans of these names, kinds and attributes', () => {
    const groups = grouped(recording.spans, ({ name }) => familyOf(name));
    const found = [...groups].map(([name, all]) => [name, `${[...new Set(all.map(kindOf))]} ${attributesIn(all)}`]);
    expect(Object.fromEntries(found)).toEqual({ ...SPAN_ATTRIBUTES, ...ENGINE_SPANS[stack.engine] });
  });

  it('are metrics of these names, units and attributes', () => {
    const groups = grouped(points, ({ metric, unit }) => `${metric} ${unit}`);
    const found = [...groups].map(([name, all]) => `${name} ${attributesIn(all)}`.trim());
    expect(found.sort()).toEqual(
      Object.entries(METRIC_ATTRIBUTES)
        .map(([name, rest]) => `${name} ${rest}`)
        .sort(),
    );
    expect(Object.keys(METRIC_ATTRIBUTES).sort()).toEqual(Object.keys(OPENTELEMETRY_METRICS).sort());
  });

  it('are spans that have all ended: with an error, past their time, aborted and with nothing to do too', () => {
    expect(recording.spans.map(({ name }) => name).sort()).toEqual([...recording.started].sort());
    const errors = recording.named('scrypath.sync').map(({ attributes }) => attributes['error.type']);
    expect(errors).toEqual(expect.arrayContaining(['BACKEND_UNREACHABLE', 'TASK_TIMEOUT', 'AbortError']));
    const statuses = recording.named('scrypath.sync').map(({ attributes }) => attributes['scrypath.sync.status']);
    expect(statuses).toEqual(expect.arrayContaining(['noop', 'completed', 'accepted']));
  });

  it('are failed spans where the operation has failed, which say its class and nothing of its words', () => {
    for (const span of recording.spans) {
      expect(isFailed(span)).toBe('error.type' in span.attributes);
      expect([span.status.message, span.events]).toEqual([undefined, []]);
    }
    expect(recording.spans.filter(isFailed).length).toBeGreaterThan(10);
  });

  it('are spans inside of those that they are a part of', () => {
    const insideOf = new Set(
      recording.spans.map((span) => `${recording.parentOf(span)?.name ?? 'nothing'} > ${familyOf(span.name)}`),
    );
    const request = stack.engine === 'meilisearch' ? '<method> <route>' : 'scrypath.embedded.request';
    const wait = `scrypath.${stack.engine}.task_wait`;
    expect([...insideOf]).toEqual(
      expect.arrayContaining([
        `scrypath.sync > ${request}`,
        `scrypath.sync > ${wait}`,
        'scrypath.search > scrypath.hydration',
        `scrypath.search > ${request}`,
        'nothing > scrypath.worker.batch',
        `scrypath.worker.batch > ${request}`,
        `scrypath.worker.settle > ${wait}`,
        'scrypath.reindex > scrypath.reindex.step',
        'scrypath.reindex.step > scrypath.backfill',
        'scrypath.reindex.step > scrypath.verify',
        'scrypath.backfill > scrypath.backfill.page',
        `scrypath.backfill.page > ${request}`,
        `scrypath.verify > ${request}`,
      ]),
    );
  });

  it('hold no key, no text of a query, no value of a filter, no value of a record and no API key', async () => {
    const spans = recording.spans.map(({ name, attributes, status, events, links, resource }) =>
      JSON.stringify([name, attributes, status, events, links, resource.attributes]),
    );
    const metrics = JSON.stringify(await recording.metrics());
    expect(canariesIn([...spans, metrics].join('\n'))).toEqual([]);
  });

  it('name no task and no target of a rebuild in a metric', () => {
    const text = JSON.stringify(points);
    expect(text).not.toMatch(/rebuild_|task\.ids|task_id/);
    expect(recording.spans.some(({ attributes }) => /_rebuild_/.test(String(attributes['db.collection.name'])))).toBe(
      true,
    );
  });

  it('count what came of it', () => {
    const sum = (metric: string, attribute: string, value: string) =>
      points
        .filter((point) => point.metric === metric && point.attributes[attribute] === value)
        .reduce((total, point) => total + (point.value as number), 0);
    expect(sum('scrypath.documents.applied', 'scrypath.source', 'outbox')).toBeGreaterThan(0);
    expect(sum('scrypath.work.discarded', 'scrypath.work.reason', 'validation')).toBe(1);
    expect(sum('scrypath.work.discarded', 'scrypath.work.reason', 'backend_rejected')).toBe(1);
    expect(sum('scrypath.work.retrying', 'error.type', 'BACKEND_UNREACHABLE')).toBeGreaterThan(0);
    expect(sum('scrypath.hydration.missing', 'scrypath.entity', 'CanaryNote')).toBe(1);
    expect(sum('scrypath.failures', 'error.type', 'TASK_TIMEOUT')).toBe(1);
    expect(sum('scrypath.backlog', 'scrypath.work.state', 'discarded')).toBe(1);
    const found = points.find(
      ({ metric, attributes }) => metric === 'scrypath.search.duration' && !('error.type' in attributes),
    );
    expect(found!.value).toMatchObject({ count: 2 });
  });
});
