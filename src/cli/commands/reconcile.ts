import type { ActionKind, Applied, Reconciliation } from '../../index.js';
import { CliError } from '../cli-error.js';
import { type CommandRun, defineCommand, given } from '../command.js';
import { facts, figure, heading, line, type Part, plural, table, toned } from '../parts.js';
import { comparing, rowsOf } from './comparing.js';
import { actionRow, DRIFT_OPTIONS, type DriftCommandOptions, driftParts, driftState } from './drift.js';
import { liveIndexOf } from './live-index.js';

interface Options extends DriftCommandOptions {
  readonly apply?: string;
  readonly timeout?: number;
}

export const reconcile = defineCommand<Options>({
  name: 'reconcile',
  summary: 'what is wrong, what to do about it, and why; with --apply it does one thing',
  does:
    'Looks as drift does, and recommends what to do. It changes nothing without --apply; with it, it looks again, and carries ' +
    'out that one action where it is recommended still.',
  entity: 'optional',
  options: [
    { flags: '--apply <id>', about: 'the one action to carry out, as the report names it: repair:Movie' },
    { flags: '--timeout <ms>', about: 'longest wait for what is applied, in milliseconds', reads: 'number' },
    ...DRIFT_OPTIONS,
  ],
  json: '`Reconciliation[]`; of one entity, or with --apply, `Reconciliation`',
  found: 'there are signals; with --apply: work was given up again, or something is left',
  asks: 'with --apply',
  example: 'reconcile --apply repair:Movie',
  stopped: ({ options: { apply } }) =>
    apply === undefined
      ? { happened: 'Nothing was changed.', goesOn: null }
      : { happened: 'What was begun may be done in part: look again.', goesOn: ['reconcile', entityIn(apply)] },
  run: (run) => (run.options.apply === undefined ? look(run) : apply(run, run.options.apply)),
});

async function look({ scrypath, args, service, options, signal, progress }: CommandRun<Options>) {
  const { content, maxListed, pageSize } = options;
  const services = args.entity === undefined ? scrypath.services() : [service()];
  const reports: Reconciliation[] = [];
  for (const one of services) {
    const total = content ? await rowsOf(one, signal) : null;
    const onProgress = comparing(progress, one.metadata.entity, total);
    reports.push(await one.reconcile({ ...given({ maxListed, pageSize }), content, signal, onProgress }));
  }
  const value = args.entity === undefined ? reports : reports[0]!;
  const drifts = reports.map(({ drift }) => drift);
  const state = driftState(drifts, services, { content, hasOutbox: scrypath.hasOutbox });
  return { value, parts: reports.flatMap(partsOf), state };
}

/** What each action does, to the live index of the entity. */
const DOES: Readonly<Record<ActionKind, string>> = {
  retry: 'Work of this entity that was given up is tried once more',
  repair: 'The keys that differ are written or removed as the database says',
  backfill: 'Every row is written again',
  reindex: 'A new index is built beside it, and takes its place; the old one is kept',
  apply_settings: 'It is given the declared settings',
  resume: 'The rebuild goes on, to the end of what it was begun for',
  cutover: 'The target takes its place; it is kept beside it',
  abandon: 'The target is dropped; it stays as it is',
  finish: 'The old index is dropped: there is no way back',
};

const entityIn = (id: string): string => id.slice(id.indexOf(':') + 1);

async function apply({ scrypath, args, options, signal, confirm, progress }: CommandRun<Options>, id: string) {
  const { content, maxListed, pageSize, timeout } = options;
  const entity = entityIn(id);
  const kind = id.slice(0, Math.max(0, id.indexOf(':')));
  const service = scrypath.services().find(({ metadata }) => metadata.entity === entity);
  if (service === undefined || !Object.hasOwn(DOES, kind) || (args.entity !== undefined && args.entity !== entity))
    throw new CliError({
      code: 'USAGE',
      happened: `${JSON.stringify(id.slice(0, 200))} names no action${args.entity === undefined ? '' : ` of ${args.entity}`}.`,
      remedy: 'Give the id of an action that scrypath reconcile recommends, such as repair:Movie.',
      known: scrypath.services().map(({ metadata }) => metadata.entity),
    });
  const { named, total } = await liveIndexOf(service, signal);
  await confirm([`${DOES[kind as ActionKind]}: ${named}.`]);
  const value = await service.reconcile({
    ...given({ maxListed, pageSize, timeoutMs: timeout }),
    ...{ content, signal, apply: id, onProgress: comparing(progress, entity, content ? total : null) },
  });
  const { applied } = value;
  return { value, parts: appliedParts(entity, applied!), state: isLeft(applied!) ? 'found' : 'fine' } as const;
}

const isLeft = (applied: Applied): boolean =>
  (applied.kind === 'retry' && (applied.problem !== null || applied.more)) ||
  (applied.kind === 'repair' && applied.foreign.length > 0);

function appliedParts(entity: string, applied: Applied): readonly Part[] {
  return [
    line(`Done: ${applied.id}. ${told(applied)}`, isLeft(applied) ? 'careful' : 'good'),
    line(`Whether the index is right now, this says: scrypath drift ${entity}`),
  ];
}

function told(applied: Applied): string {
  switch (applied.kind) {
    case 'retry':
      return `${plural(applied.retried, 'row')} tried once more${applied.problem === null ? '' : `; it ended with ${applied.problem}`}${applied.more ? '; there are more' : ''}.`;
    case 'repair':
      return `${plural(applied.mended, 'key')} mended${applied.foreign.length === 0 ? '' : `; ${plural(applied.foreign.length, 'document')} left that no record can have`}.`;
    case 'backfill':
      return `${plural(applied.documents, 'document')} written.`;
    case 'apply_settings':
      return `${plural(applied.settings.length, 'setting')} applied.`;
    default:
      return `The rebuild is ${applied.rebuild.state}.`;
  }
}

function partsOf({ entity, drift, actions, engineFailures }: Reconciliation): readonly Part[] {
  return [
    ...driftParts(drift).filter((part) => part.kind !== 'line' || !part.text.startsWith('What to do')),
    ...(actions.length === 0
      ? [
          line(
            drift.signals.length === 0
              ? 'Nothing is recommended.'
              : `Nothing is recommended for ${entity}: look at the signals.`,
          ),
        ]
      : [heading('Recommended'), table(['Command', 'Why'], actions.map(actionRow))]),
    facts([
      'Engine failures',
      figure(engineFailures, (failures) =>
        failures.length === 0 ? 0 : toned(plural(failures.length, 'task'), 'careful'),
      ),
    ]),
  ];
}
