import { QueryFailedError } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';

/**
 * Why work failed, for people and for counting. `validation`: the record cannot become a document. `transport`: the engine
 * did not answer, or took nothing. `backend_rejected`: it refused the document. `attempts_exhausted`: it failed alone, again
 * and again. `unknown`: nobody knows what became of it.
 */
export const REASONS = ['validation', 'transport', 'backend_rejected', 'attempts_exhausted', 'unknown'] as const;
export type Reason = (typeof REASONS)[number];

/** Class and code as the outbox keeps them: `backend_rejected:invalid_document_id`. Neither a key nor a text of the engine. */
export const errorClass = (reason: Reason, code?: string): string =>
  code === undefined || !/^[\w-]{1,80}$/.test(code) ? reason : `${reason}:${code}`;

export function reasonOf(errorClass: string | null): { readonly reason: Reason; readonly code: string | null } {
  const [reason, code] = (errorClass ?? 'unknown').split(':', 2);
  return { reason: REASONS.find((known) => known === reason) ?? 'unknown', code: code ?? null };
}

export const codeOf = (error: unknown): string | undefined => (ScrypathError.is(error) ? error.code : undefined);

/**
 * Whether PostgreSQL refused what it was asked for: a key that the column cannot hold; others find no row. Or what came
 * after something that it had refused, and that the application's code had kept to itself.
 */
export const isOfData = (error: unknown): boolean =>
  error instanceof QueryFailedError && /^(22|25P02)/.test((error.driverError as { code?: string }).code ?? '');

/** As callers are told of it: the signal that ends a request after `outbox.requestMs` rejects with an error of the platform. */
export const toldOf = (error: unknown): unknown =>
  error instanceof DOMException && error.name === 'TimeoutError'
    ? new ScrypathError({
        code: 'BACKEND_TIMEOUT',
        happened: 'The engine did not answer within outbox.requestMs. Whether it took the request is unknown.',
        remedy: 'The work is in the outbox, and is tried again. To wait longer, raise outbox.requestMs.',
        cause: error,
      })
    : error;

/** What the test kit throws where a process would have died: nothing is done after it. */
export const isCrash = (error: unknown): boolean => error instanceof Error && error.name === 'SimulatedCrash';

/** How long to wait before the next try. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Twice as long each time, and never the same for two: who failed together shall not come back together. */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random = Math.random()): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (random * full) / 2);
}
