import type { Db } from 'pg-boss';
import { pageSize } from '../queue/failed-page.js';
import { keysOf } from '../queue/job-keys.js';
import type { FailedJob, FailedJobs, FailedPage, QueueStats } from '../queue/work-queue.js';

interface Row {
  readonly id: string;
  readonly data: unknown;
  readonly output: { readonly reason?: unknown; readonly value?: { readonly message?: unknown } } | null;
  readonly retry_count: number;
  readonly completed_on: Date | null;
}

export interface JobTable {
  /** Runs SQL on the table of jobs, once the queue is ready. */
  query<R>(sql: (table: string) => string, ...parameters: readonly unknown[]): Promise<readonly R[]>;
}

/** pg-boss looks jobs up by id, by key or by data; by state only SQL does. */
export class PgBossFailedJobs implements FailedJobs {
  constructor(
    private readonly jobs: JobTable,
    private readonly retryById: (id: string) => Promise<boolean>,
  ) {}

  async list({
    limit,
    after = null,
  }: {
    readonly limit?: number;
    readonly after?: string | null;
  } = {}): Promise<FailedPage> {
    const size = pageSize(limit);
    const rows = await this.jobs.query<Row>(
      (table) => `SELECT id, data, output, retry_count, completed_on FROM ${table}
        WHERE name = $1 AND state = 'failed' AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT ${size + 1}`,
      after,
    );
    const jobs = rows.slice(0, size).map(failedJobOf);
    return { jobs, after: rows.length > size ? jobs.at(-1)!.id : null };
  }

  async retry(id: string): Promise<boolean> {
    return isId(id) && this.retryById(id);
  }

  async discard(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    // Not `deleteJob`: it would also remove a job that somebody has just retried.
    const gone = await this.jobs.query(
      (table) => `DELETE FROM ${table} WHERE name = $1 AND id = $2 AND state = 'failed' RETURNING id`,
      id,
    );
    return gone.length > 0;
  }

  async count(): Promise<number> {
    return (await countJobs(this.jobs)).failed;
  }
}

/** Counted in the table: pg-boss's own counts are up to an hour old. */
export async function countJobs(jobs: JobTable): Promise<QueueStats> {
  const [row] = await jobs.query<Record<keyof QueueStats, number>>(
    (table) => `SELECT count(*) FILTER (WHERE state < 'active' AND start_after <= now())::int AS waiting,
      count(*) FILTER (WHERE state < 'active' AND start_after > now())::int AS delayed,
      count(*) FILTER (WHERE state = 'active')::int AS active,
      count(*) FILTER (WHERE state = 'failed')::int AS failed FROM ${table} WHERE name = $1`,
  );
  return row!;
}

function failedJobOf({ id, data, output, retry_count, completed_on }: Row): FailedJob {
  const reason = output?.reason ?? output?.value?.message;
  return {
    id,
    keys: keysOf(data) ?? [],
    attempts: retry_count + 1,
    failedAt: completed_on,
    reason: typeof reason === 'string' ? reason : null,
  };
}

const isId = (id: unknown): boolean =>
  typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);

export const executing =
  (db: () => Promise<Db>, schema: string, queue: string): JobTable['query'] =>
  async <R>(sql: (table: string) => string, ...parameters: readonly unknown[]) => {
    const { rows } = await (await db()).executeSql(sql(`${schema}.job`), [queue, ...parameters]);
    return rows as R[];
  };
