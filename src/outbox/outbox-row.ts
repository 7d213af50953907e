/** Why a key was marked dirty: a captured write, a verb, a related record, a rebuild's replay, a repair. */
export const CAUSES = ['write', 'verb', 'fan_out', 'replay', 'repair'] as const;
export type Cause = (typeof CAUSES)[number];

/** How far a row can have got, in the words of the lifecycle. A row whose work is completed is gone. */
export const OUTBOX_STATES = ['enqueued', 'processing', 'backend_accepted', 'retrying', 'discarded'] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

/** Longest entity name and longest stored key, in characters: MariaDB indexes 768 of them at most. */
export const ENTITY_MAX_LENGTH = 190;
export const RECORD_KEY_MAX_LENGTH = 578;

/** A key of an entity, as a row of the outbox names it. */
export interface DirtyKey {
  /** The name of the entity in TypeORM, at most 190 characters. */
  readonly entity: string;
  /** The primary key in the text form of `storedKeyOf`. */
  readonly recordKey: string;
}

/** A key that was marked dirty, and the id of its row. */
export interface Mark extends DirtyKey {
  /** UUID. The row is there until its work is completed. */
  readonly id: string;
}
