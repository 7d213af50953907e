import type { EntityManager, QueryRunner } from 'typeorm';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { run } from '../outbox/statement.js';
import { OutageLog } from '../queue/outage-log.js';
import type { WorkQueue } from '../queue/work-queue.js';
import type { Logger } from '../telemetry/logger.js';

/** Tokens that are read by one statement. */
const TOKENS = 50;
/** Rows of a token in one page. */
const ROWS = 2_000;

/** Rows that a transaction has written under one token; without keys where only the rows have them. */
export interface UncommittedRows {
  readonly token: string;
  readonly count: number;
  readonly keys: readonly DirtyKey[] | null;
}

export interface FeedSite {
  readonly queue: WorkQueue;
  /** A connection for reading what is committed. */
  readonly connection: () => Promise<QueryRunner>;
  readonly logger: Logger;
  /** Takes work that nobody waits for, and that never rejects. */
  readonly background: (work: Promise<void>) => void;
}

/**
 * Makes jobs of rows of the outbox: in their transaction, where the queue can join it; else after the commit. What it cannot make a job of stays where it is: workers look for due rows too.
 */
export class QueueFeed {
  readonly #site: FeedSite;
  readonly #outages: OutageLog;
  #committed = new Set<string>();
  #running = false;

  constructor(site: FeedSite) {
    this.#site = site;
    this.#outages = new OutageLog(site.logger, site.queue.name);
  }

  /**
   * In the transaction of the rows, where they are not too many to be read in it.
   * @returns how many of them have their jobs now
   * @throws whatever the queue throws. It may have been its statement, and then PostgreSQL commits nothing any more: the
   * write must fail too
   */
  async join(manager: EntityManager, { token, count, keys }: UncommittedRows): Promise<number> {
    const { queue } = this.#site;
    const { queryRunner } = manager;
    if (!queue.transactional || !queryRunner?.isTransactionActive) return 0;
    if (keys === null && count > ROWS) return 0;
    await queue.enqueue(keys ?? (await readPages(queryRunner, [{ token, after: token }])), { manager });
    return count;
  }

  /** After the commit: reads the keys of the token's rows and makes their jobs, in the background. */
  committed(token: string): void {
    this.#committed.add(token);
    if (!this.#running) this.#site.background(this.#run());
  }

  /** Commits that come while one round is under way go together in the next. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#committed.size > 0) {
      const tokens = [...this.#committed].slice(0, TOKENS);
      for (const token of tokens) this.#committed.delete(token);
      try {
        await this.#feed(tokens);
        this.#outages.worked();
      } catch (error) {
        this.#outages.failed(error);
      }
    }
    this.#running = false;
  }

  async #feed(tokens: readonly string[]): Promise<void> {
    let places: readonly Place[] = tokens.map((token) => ({ token, after: token }));
    while (places.length > 0) {
      const rows = await readPages(await this.#site.connection(), places);
      await this.#site.queue.enqueue(rows);
      places = places.flatMap(({ token }) => {
        const page = rows.filter(({ id }) => id.startsWith(token));
        return page.length < ROWS ? [] : [{ token, after: page.at(-1)!.id }];
      });
    }
  }
}

/** How far the rows of a token were read. */
interface Place {
  readonly token: string;
  readonly after: string;
}

async function readPages(
  queryRunner: QueryRunner,
  places: readonly Place[],
): Promise<readonly (DirtyKey & { readonly id: string })[]> {
  const { records } = await run<{ id: string; entity: string; record_key: string }>(queryRunner, (s) =>
    places
      .map(
        ({ token, after }) =>
          // A `z` stands behind every id with the token.
          `SELECT * FROM (SELECT id, entity, record_key FROM ${s.tables.outbox}
           WHERE id > ${s.value(after)} AND id < ${s.value(`${token}z`)} AND state = 'enqueued'
           ORDER BY id LIMIT ${ROWS}) AS page`,
      )
      .join(' UNION ALL '),
  );
  return records.map(({ id, entity, record_key }) => ({ id, entity, recordKey: record_key }));
}
