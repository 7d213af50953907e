import type { FailedWorkReport } from '../../index.js';
import { defineCommand, given } from '../command.js';
import { counted, facts, line, type Part, table, toned } from '../parts.js';
import { shellWords } from '../shell-words.js';

interface Options {
  readonly limit?: number;
  readonly after?: string;
  readonly engine: boolean;
}

export const failed = defineCommand<Options>({
  name: 'failed',
  summary: 'work that is tried again, and work that was given up',
  does:
    'Lists failed work by pages, tasks that the engine failed among it, with its reasons and the counts of all of it, and changes ' +
    'nothing.',
  entity: 'optional',
  options: [
    { flags: '--limit <n>', about: 'items of a page, 1 to 1,000; default 100', reads: 'number' },
    { flags: '--after <id>', about: 'go on behind the page before' },
    { flags: '--no-engine', about: 'leave out tasks that the engine failed' },
  ],
  json: '`FailedWorkReport`',
  found: 'work is tried again, or was given up; tasks of the engine that cannot be retried are shown, and do not count',
  example: 'failed Movie --limit 20',
  run: async ({ scrypath, args, service, options: { limit, after, engine } }) => {
    const asked = given({ limit, after, engine: engine ? undefined : false });
    const value = args.entity === undefined ? await scrypath.failedWork(asked) : await service().failedWork(asked);
    const { retrying, discarded } = value.counts;
    // A task that the engine failed with no row behind it is remembered by the engine for ever: nobody could end the alarm.
    const found = retrying + discarded > 0 || value.items.some(({ retryable }) => retryable);
    return { value, parts: partsOf(value, args.entity), state: found ? 'found' : 'fine' };
  },
});

function partsOf({ items, next, counts }: FailedWorkReport, entity: string | undefined): readonly Part[] {
  const reasons = Object.entries(counts.byReason).map(([reason, count]) => `${reason} ${counted(count)}`);
  const more = next === null ? [] : ['failed', ...(entity === undefined ? [] : [entity]), '--after', next];
  return [
    facts(
      ['Retrying', counts.retrying],
      ['Discarded', counts.discarded === 0 ? 0 : toned(counted(counts.discarded), 'bad')],
      ['Reasons', reasons.join(', ') || '-'],
      [
        'Tasks of the engine',
        counts.engine === null
          ? { unobserved: 'the engine was not asked, could not be, or does not list them' }
          : Object.values(counts.engine).reduce((sum, count) => sum + count, 0),
      ],
    ),
    ...(items.length === 0
      ? []
      : [
          table(
            ['Id', 'Entity', 'Key', 'State', 'Reason', 'Code', 'Attempts', 'Since', 'Tried again'],
            items.map(({ id, entity, path, key, state, reason, code, attempts, createdAt, retryAt, why }) => [
              id,
              path === null ? (entity ?? '-') : `${entity} by ${path}`,
              key ?? '-',
              state === 'discarded' ? toned(state, 'bad') : state,
              reason,
              code ?? '-',
              attempts,
              createdAt?.toISOString() ?? '-',
              why ?? retryAt?.toISOString() ?? '-',
            ]),
          ),
        ]),
    ...(next === null ? [] : [line(`More: ${shellWords(['scrypath', ...more])}`)]),
  ];
}
