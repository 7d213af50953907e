import { channel } from 'node:diagnostics_channel';
import type { Backend } from '../backend/backend.js';
import type { Logger } from '../telemetry/logger.js';

/** How long an answer of the engine holds, in milliseconds. */
const FRESH_MS = 1_000;
/** How long an index that was replaced is left alone before the next look. */
const BLOCKED_MS = 3_000;

const replaced = channel('scrypath:index:replaced');

/**
 * Knows whether an index is still the one that rows went to. An index that was dropped, created anew or restored behind
 * our back lacks what was sent before: what is sent from then on would make a part look like the whole, so nothing is.
 */
export class IndexWatch {
  readonly #backend: Backend;
  readonly #logger: Logger;
  readonly #seen = new Map<string, { readonly createdAt: string | null; readonly at: number }>();
  readonly #blocked = new Map<string, number>();

  constructor(backend: Backend, logger: Logger) {
    this.#backend = backend;
    this.#logger = logger;
  }

  /** Whether the index is to be left alone for now. Asks nobody. */
  isBlocked(index: string): boolean {
    return (this.#blocked.get(index) ?? 0) > performance.now();
  }

  /** Whether the index may be sent to. Throws what the engine answers. */
  async isOurs(index: string, known: string | null, signal: AbortSignal): Promise<boolean> {
    const isKnown = (created: string | null) => created !== null && (known === null || known === created);
    let created = await this.#createdAt(index, signal);
    if (!isKnown(created)) {
      // An answer from before it was adopted, or swapped by us, says nothing.
      this.#seen.delete(index);
      created = await this.#createdAt(index, signal);
    }
    if (isKnown(created)) {
      this.#blocked.delete(index);
      return true;
    }
    if (!this.#blocked.has(index)) {
      this.#logger.error(
        `The index "${index}" is not the one that was written to; nothing is sent to it until it is adopted or rebuilt.`,
        { index, code: 'INDEX_REPLACED' },
      );
      replaced.publish({ index });
    }
    this.#blocked.set(index, performance.now() + BLOCKED_MS);
    return false;
  }

  async #createdAt(index: string, signal: AbortSignal): Promise<string | null> {
    const seen = this.#seen.get(index);
    if (seen !== undefined && performance.now() - seen.at < FRESH_MS) return seen.createdAt;
    const found = await this.#backend.indexes.get(index, { signal });
    const createdAt = found?.createdAt ?? null;
    this.#seen.set(index, { createdAt, at: performance.now() });
    return createdAt;
  }
}
