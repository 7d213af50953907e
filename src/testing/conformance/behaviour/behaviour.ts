import type { Bench } from '../bench.js';

/** One promise of the seam, checked by code against a running backend. */
export interface Behaviour {
  readonly group: string;
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

/** Behaviours of one group, each a promise and its check. */
export function behavioursOf(group: string, checks: Readonly<Record<string, Behaviour['run']>>): Behaviour[] {
  return Object.entries(checks).map(([name, run]) => ({ group, name, run }));
}
