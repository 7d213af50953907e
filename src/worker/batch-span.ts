import type { Drained } from './drain.js';

/**
 * What a batch came to. `accepted`: the engine took all that was sent, or owners were dirtied. `noop`: nothing was to send.
 * `waiting`: some rows wait for the outcome of an isolated task. `refused`: some cannot become documents, or the engine
 * refused them. `replaced`: an index is not the one that was written to. `outage`: the engine takes nothing for now. The
 * last of them that holds is told.
 */
export const BATCH_OUTCOMES = ['accepted', 'noop', 'waiting', 'refused', 'replaced', 'outage'] as const;
export type BatchOutcome = (typeof BATCH_OUTCOMES)[number];

/** Facts of a `scrypath:worker:batch` span; all but `rows` are there at its end. */
export interface BatchSpan {
  /** Rows of the outbox that were due in the shards held. */
  readonly rows: number;
  /** How many entities, and dependencies of entities, the rows are of. */
  entities?: number;
  /** How many indexes, targets of rebuilds not counted, something was sent to. */
  indexes?: number;
  /** Distinct keys of documents that were read again. */
  keys?: number;
  /** Documents that were sent. */
  upserts?: number;
  /** Keys that were sent to be removed. */
  deletes?: number;
  outcome?: BatchOutcome;
}

/** @param discards whether rows were given up, those of dependencies included */
export function batchOutcomeOf(drained: Drained, discards: boolean): BatchOutcome {
  const { sent, errors, outage, waiting, replaced } = drained;
  if (outage) return 'outage';
  if (replaced.length > 0) return 'replaced';
  if (discards || errors.size > 0) return 'refused';
  if (waiting) return 'waiting';
  return sent > 0 ? 'accepted' : 'noop';
}
