/**
 * How long a sync verb's promise takes and what it then means.
 * - `inline`: resolves when the engine reported the task's success.
 * - `manual`: resolves when the engine accepted the task; a search may not show it yet.
 * - `queued`: resolves when the work is durable in the outbox, in the caller's transaction where a manager is given; the
 *   engine has not seen it.
 */
export const SYNC_MODES = ['inline', 'manual', 'queued'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];
