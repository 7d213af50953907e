import { ScrypathError } from '../errors/scrypath-error.js';

/** Calls what an application wrote, or reads through it, and says of which entity and field it was that it threw. */
export function wrapThrown<T>(entity: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (ScrypathError.is(cause)) throw cause;
    throw new ScrypathError({
      code: 'PROJECTION_FAILED',
      entity,
      happened: `${what} could not be made.`,
      remedy: 'The cause says why.',
      cause,
    });
  }
}
