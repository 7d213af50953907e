import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_NAMES } from 'scrypath';
import { ALL_SPANS } from './heard';
import { EVENT_MEMBERS, SPAN_MEMBERS } from './names';

const text = readFileSync(join(__dirname, '../../docs/telemetry.md'), 'utf8');
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
/** The rows of the tables whose first cell is one name. */
const rows = [...text.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm)].map(([, name, rest]) => ({
  name: name!,
  cells: rest!.split('|').map(quoted),
}));
const rowOf = (name: string) => rows.find((row) => row.name === name)?.cells;

it.each(Object.keys(SPAN_MEMBERS))('docs/telemetry.md has the fields of %s', (name) => {
  const { start, added } = SPAN_MEMBERS[name]!;
  expect(rowOf(name)).toEqual([start, added]);
});

it.each(Object.keys(EVENT_MEMBERS))('docs/telemetry.md has the fields of %s', (name) => {
  const optional = name === 'scrypath:capture:unresolved' ? ['reason'] : [];
  expect(rowOf(name)?.[0]).toEqual([...EVENT_MEMBERS[name]!, ...optional]);
});

it('docs/telemetry.md names no channel that there is not', () => {
  const named = rows.map(({ name }) => name).filter((name) => name.startsWith('scrypath:'));
  expect(named.sort()).toEqual([...ALL_SPANS, ...EVENT_NAMES].sort());
});
