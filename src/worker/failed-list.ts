import type { QueryRunner } from 'typeorm';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { failureReason } from '../queue/failure-reason.js';
import type { FailedJob, WorkQueue } from '../queue/work-queue.js';
import type { Logger } from '../telemetry/logger.js';
import {
  discardWork,
  type FailedWork,
  type FailedWorkOptions,
  type FailedWorkReport,
  failedWork,
  keyOrNull,
  retryWork,
} from './failed-work.js';
import type { Work } from './work.js';

/** Stands before the ids of jobs. As `after`, it alone is the place before the first job. */
const OF_QUEUE = 'queue:';
/** Behind every id of the outbox: they are hexadecimal digits and hyphens. */
const BEHIND_ALL = 'z';

export interface FailedListSite {
  readonly connection: () => Promise<QueryRunner>;
  readonly work: Work;
  readonly queue: WorkQueue | null;
  readonly logger: Logger;
}

/** Failed work of the outbox, and behind it the failed jobs of the queue, as one list. */
export class FailedList {
  constructor(private readonly site: FailedListSite) {}

  /** A page is filled up with jobs where the outbox has no more rows; `next` says of which of both the next one begins. */
  async page(options: FailedWorkOptions): Promise<FailedWorkReport> {
    const { connection, work, queue } = this.site;
    const { limit = 100, after = '' } = options;
    const isOfQueue = queue !== null && after.startsWith(OF_QUEUE);
    const rows = await failedWork(await connection(), work, isOfQueue ? { ...options, after: BEHIND_ALL } : options);
    if (queue === null || rows.next !== null) return rows;
    const room = limit - rows.items.length;
    try {
      const jobs = await this.#jobs(queue, room, isOfQueue ? after.slice(OF_QUEUE.length) : '', options.entity);
      return Object.freeze({ ...rows, ...jobs, items: Object.freeze([...rows.items, ...jobs.items]) });
    } catch (error) {
      if (isOfQueue) throw error;
      // Rows can be seen while the queue is away; that there may be more, the next page says.
      this.site.logger.warn('The failed jobs of the queue could not be listed.', { reason: failureReason(error) });
      return Object.freeze({ ...rows, next: OF_QUEUE });
    }
  }

  async retry(id: string): Promise<boolean> {
    const { connection, work, queue } = this.site;
    if (!id.startsWith(OF_QUEUE)) return retryWork(await connection(), work, id);
    return queue?.failed.retry(id.slice(OF_QUEUE.length)) ?? false;
  }

  async discard(id: string): Promise<boolean> {
    const { connection, queue } = this.site;
    if (!id.startsWith(OF_QUEUE)) return discardWork(await connection(), id);
    return queue?.failed.discard(id.slice(OF_QUEUE.length)) ?? false;
  }

  async #jobs(queue: WorkQueue, limit: number, after: string, entity: string | undefined) {
    if (limit === 0) return { items: [], next: (await queue.failed.count()) > 0 ? OF_QUEUE : null };
    const page = await queue.failed.list({ limit, after: after === '' ? null : after });
    const jobs = page.jobs.filter(({ keys }) => entity === undefined || keys.some((key) => key.entity === entity));
    return {
      items: jobs.map((job) => Object.freeze(this.#itemOf(job))),
      next: page.after === null ? null : OF_QUEUE + page.after,
    };
  }

  #itemOf({ id, keys, attempts, failedAt, reason }: FailedJob): FailedWork {
    const code = codeOfReason(reason);
    return {
      id: OF_QUEUE + id,
      ...this.#named(keys),
      state: 'discarded',
      // A job fails where the database or the engine is away; both say so by a code.
      reason: code === null ? 'unknown' : 'transport',
      code,
      cause: null,
      attempts,
      createdAt: failedAt,
      retryAt: null,
      retryable: true,
    };
  }

  #named(keys: readonly DirtyKey[]): Pick<FailedWork, 'entity' | 'path' | 'key'> {
    const names = new Set(keys.map(({ entity }) => entity));
    if (names.size !== 1) return { entity: null, path: null, key: null };
    const [name] = names as Set<string>;
    const [entity, path = null] = name!.split('>', 2) as [string, string?];
    const fields = this.site.work.documents.get(name!)?.metadata.keyFields.length;
    const isOne = keys.length === 1 && fields !== undefined;
    return { entity, path, key: isOne ? keyOrNull(keys[0]!.recordKey, fields) : null };
  }
}

/** Of `CODE: message` and of `Class CODE`; null where it is neither. */
const codeOfReason = (reason: string | null): string | null =>
  /^([A-Z_]+): |^\w+ (\w+)$/
    .exec(reason ?? '')
    ?.slice(1)
    .find(Boolean) ?? null;
