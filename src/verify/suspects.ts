import { createHash } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import type { StoredDocument } from '../backend/backend.js';
import type { DocumentKey } from '../document/search-document.js';
import { type Expected, expectedDocuments } from './expected-documents.js';
import { paused } from './paused.js';
import { differenceOf, type Look, verdictOf } from './verdict.js';
import type { Difference } from './verify-report.js';
import type { VerifySite, VerifyTiming } from './verify-site.js';
import { NO_WORK, type WaitingWork, waitingWork } from './waiting-work.js';

export interface SuspectsGiven {
  readonly site: VerifySite;
  readonly index: string;
  readonly queryRunner: QueryRunner;
  readonly timing: VerifyTiming;
  readonly pageSize: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Keys whose record and document did not agree at one sight. Between the two reads something may have been written, so
 * they are looked at again, until they agree, differ for certain, or work of theirs has been under way for too long.
 */
export class Suspects {
  readonly #given: SuspectsGiven;
  /** What the last look saw of both sides; null before the first, and where something was under way. */
  readonly #seen = new Map<DocumentKey, string | null>();
  /** Milliseconds that may still be spent on pauses after which no key was any further. */
  #patienceMs: number;

  constructor(given: SuspectsGiven) {
    this.#given = given;
    this.#patienceMs = given.timing.patienceMs;
  }

  get size(): number {
    return this.#seen.size;
  }

  add(key: DocumentKey): void {
    this.#seen.set(key, null);
  }

  /** What came of all of them; none is left. */
  async settle(): Promise<readonly Difference[]> {
    const { pauseMs, longestPauseMs } = this.#given.timing;
    const found: Difference[] = [];
    let pause = pauseMs;
    for (let looks = 1; this.#seen.size > 0; looks += 1) {
      const before = this.#seen.size;
      found.push(...(await this.#lookAtAll()));
      if (this.#seen.size === 0) break;
      if (this.#seen.size < before) pause = pauseMs;
      else if (looks > 1) {
        // A difference is certain at the second look at the earliest.
        if (this.#patienceMs <= 0) return [...found, ...this.#giveUp()];
        pause = Math.min(longestPauseMs, pause * 2);
        this.#patienceMs -= pause;
      }
      await paused(pause, this.#given.signal);
    }
    return found;
  }

  async #lookAtAll(): Promise<readonly Difference[]> {
    const found: Difference[] = [];
    const keys = [...this.#seen.keys()];
    const { pageSize, signal } = this.#given;
    for (let start = 0; start < keys.length; start += pageSize) {
      signal?.throwIfAborted();
      for (const [key, look] of await this.#lookAt(keys.slice(start, start + pageSize))) {
        const verdict = verdictOf(look, this.#seen.get(key) ?? null);
        if (verdict === 'differs') found.push(look.difference!);
        if (verdict === 'again') this.#seen.set(key, look.moving ? null : look.sight);
        else this.#seen.delete(key);
      }
    }
    return found;
  }

  /** The outbox, both sides, and the outbox once more. Keys that are dirty to begin with are not read. */
  async #lookAt(keys: readonly DocumentKey[]): Promise<ReadonlyMap<DocumentKey, Look>> {
    const before = await this.#waiting(keys);
    const resting = before.dependencies ? [] : keys.filter((key) => !before.keys.has(key));
    const looks = new Map<DocumentKey, Look>(keys.map((key) => [key, MOVING]));
    if (resting.length === 0) return looks;
    const { site, index, queryRunner, signal } = this.#given;
    const documents = new Map(
      (await site.backend.documents.fetch(index, resting, { signal })).map((document) => [document.key, document]),
    );
    const expected = await expectedDocuments(queryRunner.manager, site, resting);
    const after = await this.#waiting(resting);
    for (const key of resting) {
      const moving = after.dependencies || after.keys.has(key);
      looks.set(key, lookOf(key, expected.get(key), documents.get(key), moving));
    }
    return looks;
  }

  async #waiting(keys: readonly DocumentKey[]): Promise<WaitingWork> {
    const { site, queryRunner } = this.#given;
    return site.outbox === null ? NO_WORK : waitingWork(queryRunner, site.metadata, site.outbox.dependencies, keys);
  }

  #giveUp(): readonly Difference[] {
    const pending = [...this.#seen.keys()].map((key): Difference => ({ kind: 'pending', key }));
    this.#seen.clear();
    return pending;
  }
}

const UNKNOWN: Difference = { kind: 'pending', key: '' };
const MOVING: Look = { difference: UNKNOWN, sight: null, moving: true };

function lookOf(
  key: DocumentKey,
  expected: Expected | undefined,
  document: StoredDocument | undefined,
  moving: boolean,
): Look {
  const difference = differenceOf(key, expected, document);
  if (difference === null) return { difference, sight: null, moving };
  const sides = [
    difference.kind,
    expected?.kind === 'document' ? expected.document.data : null,
    document === undefined ? null : document.data,
  ];
  // A hash: many keys may be under suspicion, and documents may be large.
  return { difference, sight: createHash('sha1').update(JSON.stringify(sides)).digest('base64'), moving };
}
