/** What this backend publishes on, beside the names of the core: `<name>:start`, `<name>:end`, `<name>:error`. */
export const EMBEDDED_SPAN_NAMES = ['scrypath:embedded:request', 'scrypath:embedded:task_wait'] as const;

/** What is asked of the engine, in the words of the seam. */
export const EMBEDDED_OPERATIONS = [
  ...(['upsert', 'remove', 'search', 'scan', 'fetch', 'backlog', 'failures'] as const),
  ...(['create', 'get', 'settings', 'apply', 'swap', 'drop', 'stats'] as const),
] as const;
export type EmbeddedOperation = (typeof EMBEDDED_OPERATIONS)[number];

/** Facts of a `scrypath:embedded:request` span. */
export interface EmbeddedRequestSpan {
  readonly operation: EmbeddedOperation;
  /** Null for what is of no single one. */
  readonly index: string | null;
}
