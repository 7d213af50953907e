import { type Logger, safely } from '../telemetry/logger.js';
import { failureReason } from './failure-reason.js';

/** Tells of an outage or another trouble of the engine when it begins and when it is over, instead of at every attempt in between. */
export class OutageLog {
  readonly #logger: Logger;
  #out = false;

  constructor(
    logger: Logger,
    private readonly queue: string,
  ) {
    this.#logger = safely(logger);
  }

  failed(error: unknown): void {
    if (this.#out) return;
    this.#out = true;
    this.#logger.warn(`The queue "${this.queue}" fails; trying on.`, { reason: failureReason(error) });
  }

  worked(): void {
    if (!this.#out) return;
    this.#out = false;
    this.#logger.warn(`The queue "${this.queue}" works again.`);
  }
}
