import type { RebuildState } from '../worker/rebuilds.js';
import type { RebuildStep } from './audit.js';

/** What is done with a rebuild: it is made, or something is done with one that was made. */
export const REBUILD_VERBS = ['reindex', 'resume', 'cutover', 'rollback', 'finish', 'abandon'] as const;

/** Facts of a `scrypath:reindex` span. */
export interface RebuildSpan {
  readonly entity: string;
  /** The live index. */
  readonly index: string;
  readonly operation: (typeof REBUILD_VERBS)[number];
  /** The index beside it; of `reindex` there at the end. */
  target?: string;
  /** How far the rebuild has got; there at the end. */
  state?: RebuildState;
}

/** Facts of a `scrypath:reindex:step` span. */
export interface StepSpan {
  readonly entity: string;
  /** The live index. */
  readonly index: string;
  /** The index beside it. */
  readonly target: string;
  readonly step: RebuildStep;
}
