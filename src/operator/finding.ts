import { ScrypathError } from '../errors/scrypath-error.js';
import { failureReason } from '../queue/failure-reason.js';

/** What a doctor looks at. */
export const CHECKS = Object.freeze([
  ...([
    'declarations',
    'database',
    'records',
    'tables',
    'triggers',
    'capture',
    'queue',
    'workers',
    'projection',
  ] as const),
  ...(['engine', 'engine_version', 'permission', 'index'] as const),
]);
export type Check = (typeof CHECKS)[number];

/** What one look came to. */
export interface Finding {
  readonly check: Check;
  /** The entity, index, table, trigger or action; null where it is about the whole. */
  readonly about: string | null;
  /** `unknown`: it could not be looked at. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unknown';
  readonly happened: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

type Words = Omit<Finding, 'check' | 'state' | 'remedy' | 'about'> & {
  readonly about?: string;
  readonly remedy?: string;
};

const finding =
  (state: Finding['state']) =>
  (check: Check, { about, happened, remedy }: Words): Finding =>
    Object.freeze({ check, about: about ?? null, state, happened, remedy: remedy ?? null });

export const ok = finding('ok');
export const warning = finding('warning');
export const problem = finding('problem');
export const unknown = finding('unknown');

/** What happened and what to do, of an error: each once, where the error has a remedy of its own. */
export function wordsOf(error: unknown, remedy: string): { readonly happened: string; readonly remedy: string } {
  if (!ScrypathError.is(error) || error.remedy === undefined) return { happened: `${failureReason(error)}.`, remedy };
  const { code, message } = error;
  return { happened: `${code}: ${message.slice(0, -error.remedy.length).trimEnd()}`, remedy: error.remedy };
}
