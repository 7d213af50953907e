import type { VerifyReport } from '../../index.js';
import { defineCommand, given } from '../command.js';
import { counted, facts, heading, line, type Part, plural, table, toned } from '../parts.js';
import { comparing, rowsOf } from './comparing.js';

interface Options {
  readonly index?: string;
  readonly prefix?: string;
  readonly maxListed?: number;
  readonly pageSize?: number;
}

export const verify = defineCommand<Options>({
  name: 'verify',
  summary: 'compare an index with the database by content, key by key',
  does: 'Compares every row with its document, and looks for documents without a row. It changes nothing.',
  entity: 'required',
  options: [
    { flags: '--index <name>', about: 'another index than that of the entity, without prefix' },
    { flags: '--prefix <text>', about: 'another prefix than that of the entity' },
    {
      flags: '--max-listed <n>',
      about: 'most keys to list; where more differ, none is; default 10,000',
      reads: 'number',
    },
    { flags: '--page-size <n>', about: 'rows and documents in one page', reads: 'number', least: 1 },
  ],
  json: '`VerifyReport`; an error in it is its class and code',
  found: 'something is missing, extra, stale or failed',
  example: 'verify Movie',
  run: async ({ service, options, signal, progress }) => {
    const one = service();
    const { entity } = one.metadata;
    const total = await rowsOf(one, signal);
    const value = await one.verify({ ...given(options), signal, onProgress: comparing(progress, entity, total) });
    return { value, parts: partsOf(entity, value), state: value.clean ? 'fine' : 'found' };
  },
});

const SHOWN = 20;

function partsOf(entity: string, { index, rows, documents, counts, seconds, clean, differences }: VerifyReport) {
  const parts: Part[] = [
    heading(`${entity} (${index}): ${clean ? 'no difference' : 'different'}`),
    facts(
      ['Compared', `${plural(rows, 'row')}, ${plural(documents, 'document')} in ${seconds.toFixed(1)} s`],
      ...(['missing', 'extra', 'stale', 'failed', 'pending'] as const).map((kind) => {
        const count = counts[kind];
        const isBad = kind !== 'pending' && count > 0;
        return [kind[0]!.toUpperCase() + kind.slice(1), isBad ? toned(counted(count), 'bad') : count] as const;
      }),
    ),
  ];
  if (differences === null) return [...parts, line('More differ than are listed: --max-listed <n> lists more.')];
  if (differences.length === 0) return parts;
  const rowsOfTable = differences
    .slice(0, SHOWN)
    .map((one) => [one.kind, one.key, one.kind === 'failed' ? one.reason : '-']);
  const more = differences.length - SHOWN;
  return [
    ...parts,
    table(['Difference', 'Key', 'Reason'], rowsOfTable),
    ...(more > 0 ? [line(`${plural(more, 'key')} more: --json has all.`)] : []),
  ];
}
