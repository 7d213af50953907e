import { channel } from 'node:diagnostics_channel';

/** Channels of single messages: of what happens at one moment, and has no end. */
export const EVENT_NAMES = [
  'scrypath:documents:applied',
  'scrypath:work:retrying',
  'scrypath:work:discarded',
  'scrypath:index:replaced',
  'scrypath:capture:unresolved',
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** What is published on `scrypath:documents:applied`: the engine has reported the success of its tasks. */
export interface DocumentsApplied {
  /** Null where it is not known how many of them are of which entity. */
  readonly entity: string | null;
  /** Documents written and documents removed. */
  readonly documents: number;
  /** By whom they were sent: a verb without an outbox, a sender of the outbox, or a backfill. */
  readonly source: AppliedBy;
}

export const APPLIED_BY = ['sync', 'outbox', 'backfill'] as const;
export type AppliedBy = (typeof APPLIED_BY)[number];

/** What is published on `scrypath:work:retrying` and `scrypath:work:discarded`. */
export interface WorkFailed {
  readonly entity: string;
  /** Class of the reason, one of `REASONS`. */
  readonly reason: string;
  /** The code behind it, of the engine or of Scrypath; null where there is none. */
  readonly code: string | null;
  /** Rows of the outbox. */
  readonly rows: number;
}

const applied = channel('scrypath:documents:applied');
const retrying = channel('scrypath:work:retrying');
const discarded = channel('scrypath:work:discarded');

/** Whether somebody listens for applied documents: who would have to look them up first asks. */
export const hearsOfDocuments = (): boolean => applied.hasSubscribers;
/** The same of failed work. */
export const hearsOfFailures = (): boolean => retrying.hasSubscribers || discarded.hasSubscribers;

export function documentsApplied(message: DocumentsApplied): void {
  if (applied.hasSubscribers && message.documents > 0) applied.publish(message);
}

export function workFailed(state: 'retrying' | 'discarded', message: WorkFailed): void {
  if (message.rows > 0) (state === 'retrying' ? retrying : discarded).publish(message);
}
