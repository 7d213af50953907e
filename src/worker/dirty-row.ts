import type { OutboxState } from '../outbox/outbox-row.js';

/** A row of the outbox, as a sender reads it. */
export interface DirtyRow {
  readonly id: string;
  readonly entity: string;
  readonly recordKey: string;
  readonly shard: number;
  readonly state: OutboxState;
  /** How often the record's document has failed alone. */
  readonly attempts: number;
  /** A send counts as done only where it started at this time or later, in milliseconds on the database's clock; 0: any. */
  readonly unknownUntil: number;
  /** Size of the batch that the row may be sent in, since a larger one failed; 0: any. */
  readonly piece: number;
  /** Of a dependency: the last owner that was dirtied, or null. */
  readonly cursor: string | null;
}

/** Columns of {@link DirtyRow}, as the database names them. */
export const DIRTY_COLUMNS = [
  'id',
  'entity',
  'record_key',
  'shard',
  'state',
  'attempts',
  'unknown_until',
  'piece',
  'tasks',
] as const;

export type RawDirtyRow = Record<(typeof DIRTY_COLUMNS)[number], unknown>;

/** PostgreSQL gives a bigint as text. */
export const dirtyRowOf = (raw: RawDirtyRow): DirtyRow => ({
  id: raw.id as string,
  entity: raw.entity as string,
  recordKey: raw.record_key as string,
  shard: Number(raw.shard),
  state: raw.state as OutboxState,
  attempts: Number(raw.attempts),
  unknownUntil: Number(raw.unknown_until),
  piece: Number(raw.piece),
  cursor: raw.tasks as string | null,
});
