/**
 * How far a unit of sync work can have got, in order; one vocabulary for results, events, status and pages.
 * `completed`, `retrying` and `discarded` are alternatives.
 */
export const LIFECYCLE = Object.freeze([
  'requested',
  'enqueued',
  'processing',
  'backend_accepted',
  'completed',
  'retrying',
  'discarded',
] as const);
export type LifecycleState = (typeof LIFECYCLE)[number];
