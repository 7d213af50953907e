import type { EntityStatus, InstanceStatus, RebuildVisibility, ServiceStatus, Status } from '../../index.js';
import { defineCommand, given } from '../command.js';
import { age, type Cell, counted, facts, figure, heading, type Part, plural, span, table, toned } from '../parts.js';

export const status = defineCommand<{ readonly count: boolean }>({
  name: 'status',
  summary: 'documents against rows, the backlog and its age, workers, rebuilds',
  does:
    'Says how everything stands, and changes nothing. A figure that could not be looked at is `not observed`, with the reason, ' +
    'and never 0.',
  entity: 'optional',
  options: [{ flags: '--no-count', about: 'count neither rows nor documents, which takes longest on large tables' }],
  json: '`Status`; of one entity `ServiceStatus`',
  found: 'work was given up',
  example: 'status Movie',
  run: async ({ scrypath, args, service, options: { count }, signal }) => {
    const asked = given({ signal, count: count ? undefined : false });
    const value: Status | ServiceStatus =
      args.entity === undefined ? await scrypath.status(asked) : await service().status(asked);
    const entities: readonly EntityStatus[] = 'entities' in value ? value.entities : [value];
    const blind = entities.some(
      ({ documents, rows, backlog }) =>
        (count && !(documents.observed && rows.observed)) || (scrypath.hasOutbox && !backlog.observed),
    );
    const found = entities.some(({ backlog }) => backlog.observed && backlog.value.discarded > 0);
    return { value, parts: partsOf(value, entities), state: found ? 'found' : blind ? 'unobserved' : 'fine' };
  },
});

function partsOf(instance: InstanceStatus, entities: readonly EntityStatus[]): readonly Part[] {
  return [
    facts(
      ['Looked at', instance.at],
      ['Engine', instance.engine],
      ['Engine queue', figure(instance.engineQueue, (tasks) => plural(tasks, 'task'))],
      [
        'Workers',
        figure(instance.workers, (workers) => {
          const dead = workers.filter(({ alive }) => !alive).length;
          const alive = `${workers.length - dead} alive`;
          return dead === 0 ? alive : toned(`${alive}, ${dead} died`, 'careful');
        }),
      ],
      ...jobsOf(instance),
    ),
    heading('Entities'),
    table(
      ['Entity', 'Index', 'Documents', 'Rows', 'Waiting', 'Retrying', 'Discarded', 'Oldest', 'Last success', 'Rebuild'],
      entities.map((one) => [
        one.entity,
        one.index,
        figure(one.documents, (count) => count),
        figure(one.rows, (count) => count),
        figure(one.backlog, ({ enqueued, backend_accepted }) => enqueued + backend_accepted),
        figure(one.backlog, ({ retrying }) => retrying),
        figure(one.backlog, ({ discarded }) => (discarded === 0 ? 0 : toned(counted(discarded), 'bad'))),
        figure(one.oldestWaitingMs, (milliseconds) => (milliseconds === null ? '-' : span(milliseconds))),
        figure(one.lastSuccessAt, (at) => (at === null ? '-' : age(at, instance.at))),
        figure(one.rebuild, rebuildCell),
      ]),
    ),
  ];
}

/** Of an instance without a queue there is nothing to tell, and nothing to worry about. */
function jobsOf({ jobs }: InstanceStatus): readonly (readonly [string, Cell])[] {
  if (!jobs.observed && jobs.why === NO_QUEUE) return [];
  return [
    [
      'Jobs',
      figure(
        jobs,
        ({ waiting, delayed, active, failed }) =>
          `${counted(waiting)} waiting, ${counted(delayed)} delayed, ${counted(active)} active, ${counted(failed)} failed`,
      ),
    ],
  ];
}
/** As the status says it; its test fails where it says it otherwise. */
const NO_QUEUE = 'No queue distributes the work.';

/** Where a rebuild is; a dash where there is none. */
export function rebuildCell({ state, taskState, target }: RebuildVisibility): Cell {
  if (state === null) return '-';
  const text = `${state} (${taskState}): ${target}`;
  return taskState === 'failed' ? toned(text, 'bad') : text;
}
