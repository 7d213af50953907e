/** What a doctor looks at. */
export const CHECKS = Object.freeze([
  ...(['declarations', 'database', 'tables', 'triggers', 'capture', 'queue', 'workers', 'projection'] as const),
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
