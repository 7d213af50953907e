import type { Backend, Upload } from '../backend/backend.js';
import { mayHaveBeenTaken } from '../backend/may-have-been-taken.js';
import { isTerminal, type TaskError, type TaskOutcome, type TaskRef } from '../backend/task.js';
import { uploadTo } from '../backend/upload.js';
import type { SearchDocument } from '../document/search-document.js';
import { type ErrorCode, ScrypathError } from '../errors/scrypath-error.js';

/** How long a backfill bears with an engine that does not answer. */
export interface Patience {
  /** Tries of one upload, and of tasks that the engine has lost or that were canceled. */
  readonly tries: number;
  /** Before the second try, in milliseconds; twice as long before each one after it. */
  readonly pauseMs: number;
  /** How long looks at tasks may fail, in milliseconds. */
  readonly outageMs: number;
  /** How long a request without an answer may still be on its way, in milliseconds. */
  readonly lateMs: number;
}

export const PATIENCE: Patience = Object.freeze({ tries: 4, pauseMs: 250, outageMs: 30_000, lateMs: 35_000 });

/** How an upload that was waited for has ended. */
export type Ended = { readonly ok: true } | { readonly ok: false; readonly error: TaskError };

const PASSING: readonly ErrorCode[] = [
  ...(['BACKEND_UNREACHABLE', 'BACKEND_TIMEOUT', 'BACKEND_BUSY', 'BACKEND_BROKEN'] as const),
];
export const mayPass = (error: unknown): boolean => PASSING.some((code) => ScrypathError.is(error, code));

/** The engine refused what may be one document among good ones. */
export const isRefusal = (error: unknown): error is ScrypathError =>
  ScrypathError.is(error, 'BACKEND_REJECTED') || ScrypathError.is(error, 'KEY_INVALID');

/** One look at tasks lasts this long at most, so that progress is told meanwhile. */
const LOOK_MS = 1_000;

/** Brings documents to one index, through losses on the way. */
export class Shipping {
  /** Until then a request that got no answer may still arrive, in milliseconds since 1970; 0 where every one got its answer. */
  lateUntil = 0;

  constructor(
    readonly backend: Backend,
    readonly index: string,
    readonly patience: Patience,
    readonly signal: AbortSignal,
    /** Awaited before each upload; it rejects where there must be none any more. */
    readonly beforeSend: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /**
   * Resolves with the tasks when the engine has accepted all of an upload; what got no answer is sent again.
   * @throws what the backend throws, when it goes on too long
   */
  async send(upload: Upload): Promise<readonly TaskRef[]> {
    const { patience } = this;
    for (let tried = 1; ; tried += 1) {
      try {
        return await upload.send({ batch: crypto.randomUUID(), beforeRequest: this.beforeSend });
      } catch (error) {
        if (mayHaveBeenTaken(error)) this.lateUntil = Date.now() + patience.lateMs;
        if (!mayPass(error) || tried >= patience.tries) throw error;
        await this.pause(tried);
      }
    }
  }

  /** Sends documents, and waits for the end of their tasks; lost and canceled ones are sent again. */
  async sendAndWait(documents: readonly SearchDocument[]): Promise<Ended> {
    for (let tried = 1; ; tried += 1) {
      let tasks: readonly TaskRef[];
      try {
        const upload = uploadTo(this.backend, this.index);
        for (const document of documents) upload.add(document);
        tasks = await this.send(upload);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { ok: false, error: { code: error.code, message: error.message, document: null, kind: 'document' } };
      }
      const outcomes = await this.#ended(tasks);
      const failed = outcomes.find(({ status }) => status === 'failed');
      if (failed) return { ok: false, error: failed.error ?? UNTOLD };
      const lost = outcomes.find(({ status }) => status !== 'succeeded');
      if (lost === undefined) return { ok: true };
      if (tried >= this.patience.tries) throw lostTask(lost);
      await this.pause(tried);
    }
  }

  /** Waits some time for the first tasks to end, and then looks at all of them. Failing looks are borne with for a while. */
  async look(first: readonly TaskRef[], all: readonly TaskRef[]): Promise<readonly TaskOutcome[]> {
    const deadline = performance.now() + this.patience.outageMs;
    for (let tried = 1; ; tried += 1) {
      try {
        const { signal } = this;
        await this.backend.outcomes(first, { waitMs: LOOK_MS, signal });
        return await this.backend.outcomes(all, { signal });
      } catch (error) {
        if (!mayPass(error) || performance.now() > deadline) throw error;
        await this.pause(Math.min(tried, 3));
      }
    }
  }

  async #ended(tasks: readonly TaskRef[]): Promise<readonly TaskOutcome[]> {
    for (;;) {
      const outcomes = await this.look(tasks, tasks);
      if (outcomes.every(({ status }) => isTerminal(status))) return outcomes;
    }
  }

  /** Rejects with the signal's reason. */
  async pause(tried: number): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, this.patience.pauseMs * 2 ** (tried - 1));
      signal.addEventListener('abort', end);
    });
    signal.throwIfAborted();
  }
}

const UNTOLD: TaskError = { code: 'unknown', message: 'The engine told no reason.', document: null, kind: 'engine' };

const lostTask = ({ id, index, status }: TaskOutcome): ScrypathError =>
  new ScrypathError({
    code: status === 'canceled' ? 'TASK_CANCELED' : 'TASK_UNKNOWN',
    index,
    task: { id, index },
    happened: `Task ${id} on index "${index}" was sent several times, and was ${status === 'canceled' ? 'canceled' : 'lost'} each time.`,
    remedy: 'Look for what does so, and resume the backfill.',
  });

/** The engine's own failure, which no other document would cure. */
export const engineFailure = (index: string, { code, message }: TaskError): ScrypathError =>
  new ScrypathError({
    code: 'TASK_FAILED',
    index,
    happened: `A task on index "${index}" failed in the engine (${code}), and again when it was sent once more.`,
    remedy: 'The cause says why. Nothing of it is in the index; resume the backfill.',
    cause: Object.assign(new Error(message), { code }),
  });
