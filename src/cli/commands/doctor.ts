import type { Finding, Scrypath } from '../../index.js';
import { commandsIn } from '../called-commands.js';
import { defineCommand } from '../command.js';
import { heading, line, type Tone, table, toned } from '../parts.js';

const TONES: Readonly<Record<Finding['state'], Tone>> = {
  ok: 'good',
  warning: 'careful',
  problem: 'bad',
  unknown: 'careful',
};

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'connections, versions, permissions, tables, triggers, queue, workers: each with its remedy',
  does: 'Looks at everything that the indexes stand on, and says of each what is wrong and what to do. It changes nothing.',
  entity: 'none',
  json: '`DoctorReport`',
  found: 'there is a problem',
  example: 'doctor',
  run: async ({ scrypath, signal }) => {
    const value = await scrypath.doctor({ signal });
    const { healthy, findings } = value;
    const entities = entitiesOf(scrypath);
    const remedies = findings.flatMap(({ state, check, about, remedy }) => {
      if (remedy === null) return [];
      const commands = commandsIn(remedy, entities.get(about ?? '') ?? '<entity>');
      return [
        line(`${check}${about === null ? '' : ` ${about}`}: ${remedy}`, TONES[state]),
        ...(commands.length === 0 ? [] : [line(`  At a shell: ${commands.join(', or ')}`)]),
      ];
    });
    return {
      value,
      parts: [
        heading(healthy ? 'No problem.' : 'There is a problem.', healthy ? 'good' : 'bad'),
        table(
          ['State', 'Check', 'About', 'Happened'],
          findings.map(({ state, check, about, happened }) => [
            toned(state, TONES[state]),
            check,
            about ?? '-',
            happened,
          ]),
        ),
        ...(remedies.length > 0 ? [heading('Remedies'), ...remedies] : []),
      ],
      state: healthy ? 'fine' : 'found',
    };
  },
});

/** Each by its own name and by that of its index; none where the declarations do not hold. */
function entitiesOf(scrypath: Scrypath): ReadonlyMap<string, string> {
  try {
    return new Map(
      scrypath.services().flatMap(({ metadata: { entity }, indexName }) => [
        [entity, entity],
        [indexName, entity],
      ]),
    );
  } catch {
    return new Map();
  }
}
