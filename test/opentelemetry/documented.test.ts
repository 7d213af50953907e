import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SPAN_NAMES } from 'scrypath';
import { EMBEDDED_SPAN_NAMES } from 'scrypath/embedded';
import { MEILISEARCH_SPAN_NAMES } from 'scrypath/meilisearch';
import { OPENTELEMETRY_METRICS, OPENTELEMETRY_SPANS } from 'scrypath/opentelemetry';
import { SPAN_MEMBERS } from '../telemetry/names';

const text = readFileSync(join(__dirname, '../../docs/telemetry.md'), 'utf8');
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
const rows = [...text.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm)].map(([, name, rest]) => ({
  name: name!,
  cells: rest!.split('|'),
}));

it('there is a span for every operation, and an attribute for every fact of it', () => {
  const names = [...SPAN_NAMES, ...EMBEDDED_SPAN_NAMES, ...MEILISEARCH_SPAN_NAMES];
  expect(Object.keys(OPENTELEMETRY_SPANS).sort()).toEqual([...names].sort());
  for (const [name, { attributes }] of Object.entries(OPENTELEMETRY_SPANS)) {
    const { start, added } = SPAN_MEMBERS[name]!;
    expect([name, Object.keys(attributes).sort()]).toEqual([name, [...start, ...added].sort()]);
  }
});

it.each(Object.values(OPENTELEMETRY_SPANS))('docs/telemetry.md has the span $name', ({ name, kind, ...row }) => {
  const found = rows.find((one) => one.name === name);
  expect(found?.cells[0]?.trim()).toBe(kind);
  expect(quoted(found!.cells[1]!).sort()).toEqual(
    [...Object.values(row.attributes), ...Object.keys(row.constant ?? {})].sort(),
  );
});

it.each(Object.entries(OPENTELEMETRY_METRICS))('docs/telemetry.md has the metric %s', (name, row) => {
  const found = rows.find((one) => one.name === name);
  expect(found?.cells[0]?.trim()).toBe(`${row.kind}, ${row.unit}`);
  expect(quoted(found!.cells[1]!)).toEqual(row.attributes);
});

it('docs/telemetry.md names no span and no metric that there is not', () => {
  const named = rows.map(({ name }) => name).filter((name) => /^scrypath\.|^\{/.test(name));
  const known = [...Object.values(OPENTELEMETRY_SPANS).map(({ name }) => name), ...Object.keys(OPENTELEMETRY_METRICS)];
  expect(named.sort()).toEqual(known.sort());
});
