import { channel } from 'node:diagnostics_channel';
import type { Logger } from '../telemetry/logger.js';

/** Kinds of writes whose keys capture cannot know. */
export const UNRESOLVED_STATEMENTS = [
  'raw',
  'clear',
  'insert_select',
  'insert',
  'update',
  'delete',
  'cascade',
  'without_capture',
] as const;
export type UnresolvedStatement = (typeof UNRESOLVED_STATEMENTS)[number];

/** A write that may have changed documents and marked none. It names no row, as none is known. */
export interface UnresolvedWrite {
  /**
   * `raw`: SQL of the program's own; `clear`: a whole table emptied; `insert_select`, `insert`, `update`, `delete`: of a
   * builder, with rows whose keys the database does not tell; `cascade`: a delete that the database carries on to rows too
   * far away; `without_capture`: left out on purpose.
   */
  readonly statement: UnresolvedStatement;
  /** The name of the entity whose table was written. */
  readonly entity: string;
  /** Why it was left out, as given to `withoutCapture`. */
  readonly reason?: string;
}

/** Published on for every {@link UnresolvedWrite}. */
export const UNRESOLVED_CHANNEL = 'scrypath:capture:unresolved';

const unresolvedChannel = channel(UNRESOLVED_CHANNEL);

/** Tells of unresolved writes: on the channel, in the log, and to the counter given. None of them can fail the write. */
export function unresolvedReporter(
  logger: Logger,
  count: (write: UnresolvedWrite) => void,
): (write: UnresolvedWrite) => void {
  return (write) => {
    unresolvedChannel.publish(write);
    logger.warn(`A write to ${write.entity} was not captured (${write.statement}).`, write);
    count(write);
  };
}
