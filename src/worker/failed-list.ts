import type { QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import type { FailedTask } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { failureReason } from '../queue/failure-reason.js';
import type { FailedJob, WorkQueue } from '../queue/work-queue.js';
import type { Logger } from '../telemetry/logger.js';
import { foreignFailures, NOT_RETRYABLE } from './engine-tasks.js';
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
/** The same of the engine's tasks. */
const OF_ENGINE = 'engine:';
/** Behind every id of the outbox: they are hexadecimal digits and hyphens. */
const BEHIND_ALL = 'z';

export interface FailedListSite {
  readonly connection: () => Promise<QueryRunner>;
  readonly work: Work;
  readonly queue: WorkQueue | null;
  readonly backend: Pick<Backend, 'failures'>;
  readonly logger: Logger;
}

/** Failed work of the outbox, behind it the failed jobs of the queue, and behind those what the engine failed, as one list. */
export class FailedList {
  constructor(private readonly site: FailedListSite) {}

  /** A page is filled up with what comes behind; `next` says of which the next one begins. */
  async page(options: FailedWorkOptions): Promise<FailedWorkReport> {
    const { connection, work } = this.site;
    const { limit = 100, after = '', engine: asksEngine = true } = options;
    const isOutbox = !after.startsWith(OF_QUEUE) && !after.startsWith(OF_ENGINE);
    const rows = await failedWork(await connection(), work, isOutbox ? options : { ...options, after: BEHIND_ALL });
    const tasks = asksEngine ? await this.#tasks(options.entity, after.startsWith(OF_ENGINE)) : [];
    const items = [...rows.items];
    let { next } = rows;
    if (next === null && !after.startsWith(OF_ENGINE)) {
      const jobs = await this.#jobsOrNext(limit - items.length, after, options.entity);
      items.push(...jobs.items);
      next = jobs.next;
    }
    if (next === null) {
      const page = this.#tasksBehind(tasks, limit - items.length, after);
      items.push(...page.items);
      next = page.next;
    }
    const engine = asksEngine && tasks !== null && this.site.backend.failures ? countsOf(tasks) : null;
    return Object.freeze({
      items: Object.freeze(items),
      next,
      counts: Object.freeze({ ...rows.counts, engine }),
    });
  }

  async retry(id: string): Promise<boolean> {
    const { connection, work, queue } = this.site;
    if (id.startsWith(OF_ENGINE)) throw ofTheEngine('retried', 'What it left behind is drift: drift() finds it.');
    if (!id.startsWith(OF_QUEUE)) return retryWork(await connection(), work, id);
    return queue?.failed.retry(id.slice(OF_QUEUE.length)) ?? false;
  }

  async discard(id: string): Promise<boolean> {
    const { connection, queue } = this.site;
    if (id.startsWith(OF_ENGINE))
      throw ofTheEngine('discarded', 'It leaves the list when the engine forgets the task.');
    if (!id.startsWith(OF_QUEUE)) return discardWork(await connection(), id);
    return queue?.failed.discard(id.slice(OF_QUEUE.length)) ?? false;
  }

  async #jobsOrNext(room: number, after: string, entity: string | undefined) {
    const { queue, logger } = this.site;
    if (queue === null) return { items: [], next: null };
    const isOfQueue = after.startsWith(OF_QUEUE);
    try {
      return await this.#jobs(queue, room, isOfQueue ? after.slice(OF_QUEUE.length) : '', entity);
    } catch (error) {
      if (isOfQueue) throw error;
      // Rows can be seen while the queue is away; that there may be more, the next page says.
      logger.warn('The failed jobs of the queue could not be listed.', { reason: failureReason(error) });
      return { items: [], next: OF_QUEUE };
    }
  }

  /** Of every index, or of the entity's, the newest first; null where the engine could not be asked. */
  async #tasks(entity: string | undefined, isNeeded: boolean): Promise<readonly EngineTask[] | null> {
    const { backend, work, logger } = this.site;
    if (!backend.failures) return [];
    const metadatas = [...work.documents.values()].map(({ metadata }) => metadata);
    const asked = metadatas.filter((metadata) => entity === undefined || metadata.entity === entity);
    try {
      const found = await Promise.all(
        asked.map(async (metadata) =>
          (await foreignFailures(backend, metadata.indexName)).map((task) => ({ task, entity: metadata.entity })),
        ),
      );
      return found.flat().sort((one, other) => other.task.id - one.task.id);
    } catch (error) {
      if (isNeeded) throw error;
      logger.warn('The failed tasks of the engine could not be listed.', { reason: failureReason(error) });
      return null;
    }
  }

  #tasksBehind(tasks: readonly EngineTask[] | null, room: number, after: string) {
    if (tasks === null) return { items: [], next: OF_ENGINE };
    const last = after.startsWith(OF_ENGINE) && after !== OF_ENGINE ? Number(after.slice(OF_ENGINE.length)) : null;
    const left = last === null ? tasks : tasks.filter(({ task }) => task.id < last);
    const items = left.slice(0, room).map((one) => Object.freeze(itemOfTask(one)));
    if (left.length <= room) return { items, next: null };
    return { items, next: items.at(-1)?.id ?? OF_ENGINE };
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
      why: null,
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

interface EngineTask {
  readonly task: FailedTask;
  readonly entity: string;
}

/** The words of its error stay in the engine: they may quote documents. */
const itemOfTask = ({ task: { id, error, failedAt }, entity }: EngineTask): FailedWork => ({
  id: `${OF_ENGINE}${id}`,
  entity,
  path: null,
  key: null,
  state: 'discarded',
  reason: REFUSED,
  code: error.code,
  cause: null,
  attempts: 1,
  createdAt: failedAt === null ? null : new Date(failedAt),
  retryAt: null,
  retryable: false,
  why: NOT_RETRYABLE,
});

const REFUSED = 'backend_rejected';
const countsOf = ({ length }: readonly EngineTask[]) => Object.freeze(length === 0 ? {} : { [REFUSED]: length });

const ofTheEngine = (what: string, remedy: string) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `A task of the engine cannot be ${what}. ${NOT_RETRYABLE}`,
    remedy,
  });

/** Of `CODE: message` and of `Class CODE`; null where it is neither. */
const codeOfReason = (reason: string | null): string | null =>
  /^([A-Z_]+): |^\w+ (\w+)$/
    .exec(reason ?? '')
    ?.slice(1)
    .find(Boolean) ?? null;
