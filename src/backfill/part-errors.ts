import { ERROR_CODES, type ErrorCode, ScrypathError } from '../errors/scrypath-error.js';

/** Somebody else fills the part, since this process was silent; or the backfill was given up. */
export const partLost = (entity: string, index: string): ScrypathError =>
  new ScrypathError({
    code: 'BACKFILL_RUNNING',
    entity,
    index,
    happened: `A range of a backfill of ${entity} is not this process's to fill any more.`,
    remedy: 'Nothing is to be done: whoever goes on with the backfill fills it.',
  });

export const isPartLost = (error: unknown): boolean => ScrypathError.is(error, 'BACKFILL_RUNNING');

/** What another process could not fill a part for; its own words stay in its process. */
export const partFailed = (entity: string, index: string, problem: string): ScrypathError =>
  new ScrypathError({
    code: (ERROR_CODES as readonly string[]).includes(problem) ? (problem as ErrorCode) : 'TASK_FAILED',
    entity,
    index,
    happened: `A range of a backfill of ${entity} failed where it was filled: ${problem}.`,
    remedy: 'The log of that worker says more. Mend it, and resume the backfill.',
  });

/** @param verb what was asked to divide its fill */
export const notDivisible = (entity: string, verb: string, problems: readonly string[]): ScrypathError =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `A ${verb} of ${entity} cannot be distributed: ${problems.join('; ')}.`,
    remedy: 'Leave distribute out, or what it does not go with.',
    problems,
  });

export const NEEDS_OUTBOX = 'distribute needs an outbox, beside which the ranges are kept';
