import type { BackfillProgress, FilledIndex } from '../../index.js';
import { defineCommand, given, wordsOf } from '../command.js';
import { facts, heading, line, type Part, plural, table } from '../parts.js';
import type { Progress } from '../progress.js';
import { liveIndexOf } from './live-index.js';

interface Options {
  readonly resume?: true;
  readonly into?: string;
  readonly batchSize?: number;
  readonly partitions?: number;
  readonly distribute?: true;
  readonly maxFailures?: number;
}

export const backfill = defineCommand<Options>({
  name: 'backfill',
  summary: 'write every record into the live index',
  does:
    'Writes every record that belongs in the index, beside writes, and removes nothing. Where it was stopped or killed --resume ' +
    'goes on: with an outbox only.',
  entity: 'required',
  options: [
    { flags: '--resume', about: 'go on where one was stopped or killed; begins anew where none was' },
    { flags: '--into <index>', about: 'another index, without prefix, that is there' },
    { flags: '--batch-size <n>', about: 'rows of a page', reads: 'number' },
    { flags: '--partitions <n>', about: 'ranges of keys that are read side by side', reads: 'number' },
    { flags: '--distribute', about: 'let running workers fill ranges too; with an outbox only' },
    { flags: '--max-failures <n>', about: 'records that may fail before it stops; default 0', reads: 'number' },
  ],
  json: '`FilledIndex`; an error in it is its class and code',
  found: 'records failed, as many as --max-failures bears with',
  asks: 'always',
  example: 'backfill Movie --resume',
  stopped: ({ scrypath, args, options: { resume: _, ...options } }) => ({
    happened: scrypath.hasOutbox
      ? 'What was read is in the index or on its way there, and how far it got is remembered.'
      : 'What was read is in the index or on its way there; without an outbox it begins anew.',
    goesOn: ['backfill', args.entity!, ...(scrypath.hasOutbox ? ['--resume'] : []), ...wordsOf(options)],
  }),
  run: async ({ service, options, signal, progress, confirm }) => {
    const one = service();
    const { resume, into, batchSize, partitions, distribute, maxFailures } = options;
    const { named, rows } = await liveIndexOf(one, signal);
    const what = resume === undefined ? 'Every row is written' : 'The rows that are left are written';
    await confirm([`${what}: ${into === undefined ? named : `${rows}, into the index "${into}"`}.`]);
    const onProgress = filling(progress, 'fill');
    const value = await one.backfill({
      ...given({ resume, into, batchSize, partitions, distribute, maxFailures }),
      ...{ signal, onProgress },
    });
    return { value, parts: partsOf(one.metadata.entity, value), state: value.failed.length > 0 ? 'found' : 'fine' };
  },
});

/** Tells how far a fill has got. */
export const filling =
  (progress: Progress, step: string) =>
  ({ rows, total, rate, etaMs, tasksInFlight }: BackfillProgress): void =>
    progress.at({
      ...{ step, rows, total, rate, beside: `${plural(tasksInFlight, 'task')} in the engine` },
      ...(etaMs !== undefined && { etaMs }),
    });

function partsOf(entity: string, { index, mode, documents, skipped, rows, replayed, failed, batches }: FilledIndex) {
  const failures = failed.flatMap((page) => page.failures);
  const parts: Part[] = [
    heading(`${entity} (${index}): ${mode === 'resumed' ? 'gone on with, and filled' : 'filled'}`),
    facts(
      ['Documents', documents],
      ['Rows read in this run', rows],
      ['Left out by when', skipped],
      ['Sent once more behind it', replayed],
      ['Uploads', batches],
      ['Failed', failures.length],
    ),
  ];
  if (failures.length === 0) return parts;
  const shown = failures.slice(0, 20).map(({ key, step, code }) => [key, step, code ?? '-']);
  return [
    ...parts,
    table(['Key', 'Step', 'Code'], shown),
    ...(failures.length > shown.length
      ? [line(`${plural(failures.length - shown.length, 'key')} more: --json has all.`)]
      : []),
  ];
}
