import type { Finding } from '../../index.js';
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
    const remedies = findings.flatMap(({ state, check, about, remedy }) =>
      remedy === null ? [] : [line(`${check}${about === null ? '' : ` ${about}`}: ${remedy}`, TONES[state])],
    );
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
