import type { RebuildAudit, RebuildProgress } from '../../index.js';
import { facts, heading, line, type Part, plural, toned } from '../parts.js';
import type { Progress } from '../progress.js';
import { filling } from './backfill.js';
import { comparing } from './comparing.js';

/** Tells how far a rebuild has got; the comparison is of as many rows as the fill was. */
export function rebuilding(progress: Progress, entity: string, rows: number | null): (at: RebuildProgress) => void {
  let total = rows;
  return (at) => {
    switch (at.step) {
      case 'fill':
        total = at.total;
        return filling(progress, 'fill')(at);
      case 'verify':
        return comparing(progress, entity, total)(at);
      default:
        return progress.begins(at.step);
    }
  };
}

/** What can be done next, by the state that a rebuild is in. */
function nextOf({ state, entity, target, old }: RebuildAudit): readonly Part[] {
  switch (state) {
    case 'kept':
      return [
        line(`The old index stands beside it as "${old.index}". Drop it: scrypath finish ${entity}`),
        line(`Or go back to it: scrypath rollback ${entity}`),
      ];
    case 'ready':
      return [
        line(`The target "${target}" waits. Make it live: scrypath cutover ${entity}`),
        line(`Or drop it: scrypath abandon ${entity}`),
      ];
    case 'finished':
    case 'rolled_back':
    case 'abandoned':
      return [];
    default:
      return [line(`Go on: scrypath resume ${entity}`), line(`Or drop the target: scrypath abandon ${entity}`)];
  }
}

/**
 * Where a rebuild went on, and stands where it stood: it waits for a person.
 * @param before its state before it went on
 */
export const idleParts = (before: string | undefined, { state }: RebuildAudit): readonly Part[] =>
  before === state ? [line(`There was nothing to go on with: the rebuild was ${state}, and is.`, 'careful')] : [];

export function auditParts(audit: RebuildAudit): readonly Part[] {
  const { entity, state, live, target, documents, skipped, failed, replayed, repaired, verified, notes, problem } =
    audit;
  return [
    heading(`${entity} (${live}): ${state}`),
    facts(
      ['Index beside it', target],
      ['Documents', documents],
      ['Left out by when', skipped],
      ['Failed', failed.length],
      ['Sent once more behind it', replayed],
      ['Sent again after a comparison', repaired],
      [
        'Verified',
        verified === null
          ? 'no'
          : `${plural(verified.rows, 'row')} and ${plural(verified.documents, 'document')} compared`,
      ],
      ['Cutover', audit.cutover.happened ? (audit.cutover.at ?? 'yes') : 'no'],
      ...(problem === null ? [] : [['Problem', toned(problem, 'bad')] as const]),
    ),
    ...notes.map((note) => line(note, 'careful')),
    ...nextOf(audit),
  ];
}
