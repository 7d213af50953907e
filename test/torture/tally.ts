/** How long a part may take, and what its chance begins with. */
export interface TortureOptions {
  /** When no more is begun, by `Date.now()`. */
  readonly deadline: number;
  readonly seed: number;
  /** How many rebuilds are made at most. */
  readonly runs: number;
}

/** What a part has found. */
export interface Tally {
  /** How many of what was tried. */
  readonly count: number;
  readonly of: 'histories' | 'reindexes';
  readonly lost: number;
  readonly stale: number;
  readonly ghosts: number;
  /** Saves that failed, and processes that ended by an error. */
  readonly failed: number;
}
