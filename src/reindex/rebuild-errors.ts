import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { DifferenceCounts } from '../verify/verify-report.js';
import type { RebuildRow } from '../worker/rebuilds.js';

/** Keys that an error names. */
export const NAMED_KEYS = 1_000;

const withKeys = (error: ScrypathError, keys: readonly DocumentKey[]): ScrypathError =>
  Object.assign(error, { keys: Object.freeze(keys.slice(0, NAMED_KEYS)) });

/** An index differs from the database, and could not be mended. */
export function contentDiffers(
  entity: string,
  { index, live }: { readonly index: string; readonly live: string },
  counts: DifferenceCounts,
  keys: readonly DocumentKey[],
): ScrypathError {
  const said = Object.entries(counts).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : []));
  const error = new ScrypathError({
    code: 'REBUILD_DIFFERS',
    entity,
    index,
    happened: `The index "${index}" does not say what the database says of ${entity}: ${said.join(', ')}.`,
    remedy:
      index === live
        ? 'It is the live one already: mend the records that verify() lists, or roll back.'
        : 'The live index is as it was. Mend the records that verify() of the rebuild lists, or abandon it.',
  });
  return withKeys(error, keys);
}

/** Between the comparison and the swap an index has refused documents that the index beside it takes. */
export const targetLacks = (entity: string, index: string, keys: readonly DocumentKey[]): ScrypathError =>
  withKeys(
    new ScrypathError({
      code: 'REBUILD_DIFFERS',
      entity,
      index,
      happened: `The engine refuses documents on "${index}" that it takes on the index beside it.`,
      remedy: 'Neither index was touched. verify() of the rebuild lists the keys.',
    }),
    keys,
  );

export const unusable = (entity: string, index: string, problem: string): ScrypathError =>
  new ScrypathError({
    code: 'INDEX_REPLACED',
    entity,
    index,
    happened: `The index "${index}" was not written any more (${problem}), and cannot become the live one.`,
    remedy: 'Abandon the rebuild, or finish it where it was cut over.',
  });

/** Settings with an embedder may hold its key, and are kept nowhere: whoever goes on has to say them again. */
export const settingsWithheld = (entity: string, index: string): ScrypathError =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    index,
    happened: 'The rebuild was begun with settings of embedders, which are not kept.',
    remedy: 'Give the same settings again: reindex({ resume: true, settings }).',
  });

/** Another rebuild of the entity has not come to its end. */
export const running = ({ id, entity, live, owner, startedAt, isAlive, state }: RebuildRow): ScrypathError =>
  new ScrypathError({
    code: 'REBUILD_RUNNING',
    entity,
    index: live,
    happened: `A rebuild of ${entity} (${id}) is ${state}, since ${new Date(startedAt).toISOString()}; ${owner} ${
      isAlive ? 'is at work on it' : 'was at work on it last'
    }.`,
    remedy: isAlive
      ? 'Wait for its end; of one that was killed, some seconds.'
      : 'Go on with it by reindex({ resume: true }), or end it: rebuild(id) and finish() or abandon().',
  });
