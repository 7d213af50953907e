import type { RepairReport } from '../../index.js';
import { defineCommand, given, wordsOf } from '../command.js';
import { counted, facts, heading, line, type Part, plural, toned } from '../parts.js';
import { comparing } from './comparing.js';
import { liveIndexOf } from './live-index.js';

interface Options {
  readonly maxKeys?: number;
  readonly maxSeconds?: number;
  readonly kinds?: readonly never[];
  readonly pageSize?: number;
  readonly wait: boolean;
  readonly timeout?: number;
}

export const repair = defineCommand<Options>({
  name: 'repair',
  summary: 'compare by content, and mend the keys that differ, within a budget',
  does:
    'Writes and removes documents as the database says, until its budget is spent, and waits until a search shows it. Where no ' +
    'worker runs it brings the work to the engine itself.',
  entity: 'required',
  options: [
    { flags: '--max-keys <n>', about: 'most keys to mend; default 10,000', reads: 'number' },
    {
      flags: '--max-seconds <n>',
      about: 'longest time to look and mark; default as long as it takes',
      reads: 'number',
    },
    { flags: '--kinds <kind,…>', about: 'only these of missing, extra, stale', reads: 'list' },
    { flags: '--page-size <n>', about: 'rows and documents in one page', reads: 'number', least: 1 },
    { flags: '--no-wait', about: 'leave it to workers, and end when all is marked' },
    { flags: '--timeout <ms>', about: 'longest wait, in milliseconds; default that of the instance', reads: 'number' },
  ],
  json: '`RepairReport`',
  found: 'the budget was spent, or something is left that it cannot mend',
  asks: 'always',
  example: 'repair Movie --max-keys 500 --yes',
  stopped: ({ args, options }) => ({
    happened: 'What was marked so far is brought by workers; the rest was not looked at.',
    goesOn: ['repair', args.entity!, ...wordsOf(options)],
  }),
  run: async ({ scrypath, service, options, signal, progress, confirm }) => {
    const one = service();
    const { maxKeys, maxSeconds, kinds, pageSize, wait, timeout } = options;
    const { named, total } = await liveIndexOf(one, signal);
    await confirm([`Documents that differ are written or removed as the database says: ${named}.`]);
    const onProgress = comparing(progress, one.metadata.entity, total);
    const value = await one.repair({ ...given({ maxKeys, maxSeconds, kinds, pageSize }), signal, onProgress });
    if (wait && value.token !== null) {
      progress.begins('wait until it is in the index');
      await scrypath.waitForCompletion(value.token, given({ timeoutMs: timeout, signal }));
    }
    return { value, parts: partsOf(value, wait), state: isLeft(value) ? 'found' : 'fine' };
  },
});

const isLeft = ({ ended, unprojectable, foreign }: RepairReport): boolean =>
  ended !== 'whole' || unprojectable.length + foreign.length > 0;

function partsOf(report: RepairReport, waited: boolean): readonly Part[] {
  const { entity, index, mended, unprojectable, foreign, token, ended, seconds } = report;
  const total = mended.missing + mended.extra + mended.stale;
  return [
    heading(`${entity} (${index}): ${plural(total, 'key')} ${token === null || waited ? 'mended' : 'marked'}`),
    facts(
      ['Missing', mended.missing],
      ['Extra', mended.extra],
      ['Stale', mended.stale],
      ['Cannot become a document', unprojectable.length === 0 ? 0 : toned(counted(unprojectable.length), 'careful')],
      ['Key that no record can have', foreign.length === 0 ? 0 : toned(counted(foreign.length), 'careful')],
      [
        'Compared',
        ended === 'whole' ? `all of it, in ${seconds.toFixed(1)} s` : toned('until the budget was spent', 'careful'),
      ],
    ),
    ...(ended === 'whole' ? [] : [line(`Go on with: scrypath repair ${entity}`)]),
  ];
}
