import { type Scrypath, ScrypathError } from 'scrypath';

/**
 * How far a write has got, and no more than was seen. `noop`: it changed no document. `enqueued`: it is durable, and a search may
 * not show it yet. `completed`: a search shows it. `discarded`: it was given up; an operator has to look.
 */
export interface Visibility {
  /** What `GET /syncs/:token` takes. */
  readonly token: string | null;
  readonly status: 'noop' | 'enqueued' | 'completed' | 'discarded';
}

/** 202 where a search may not show the write yet. */
export const httpStatusOf = ({ status }: Visibility): 200 | 202 => (status === 'enqueued' ? 202 : 200);

const LONGEST_WAIT_MS = 30_000;

/** How long a client wants to wait, by its header `Prefer: wait=5`, in milliseconds; 0 where it does not. */
export function waitOf(prefer: string | undefined): number {
  const seconds = /(?:^|[,;\s])wait=(\d+)/i.exec(prefer ?? '')?.[1];
  return Math.min(Number(seconds ?? 0) * 1000, LONGEST_WAIT_MS);
}

/** @param waitMs 0: it is not looked at, and is what a write is that was only just committed */
export async function visibilityOf(scrypath: Scrypath, token: string | null, waitMs: number): Promise<Visibility> {
  if (token === null) return { token, status: 'noop' };
  if (waitMs === 0) return { token, status: 'enqueued' };
  try {
    await scrypath.waitForCompletion(token, { timeoutMs: waitMs });
    return { token, status: 'completed' };
  } catch (error) {
    if (ScrypathError.is(error, 'WORK_TIMEOUT')) return { token, status: 'enqueued' };
    if (ScrypathError.is(error, 'WORK_DISCARDED')) return { token, status: 'discarded' };
    throw error;
  }
}

/** One look, without waiting. */
export const lookAt = (scrypath: Scrypath, token: string): Promise<Visibility> => visibilityOf(scrypath, token, 1);
