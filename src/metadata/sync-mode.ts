/**
 * How long a sync verb's promise takes and what it then means.
 * - `inline`: resolves when the engine reported the task's success.
 * - `manual`: resolves when the engine accepted the task; a search may not show it yet.
 */
export const SYNC_MODES = ['inline', 'manual'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];
