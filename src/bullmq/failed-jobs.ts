import type { Job, Queue } from 'bullmq';
import { pageSize } from '../queue/failed-page.js';
import { type JobData, keysOf } from '../queue/job-keys.js';
import type { FailedJob, FailedJobs, FailedPage } from '../queue/work-queue.js';

export class BullmqFailedJobs implements FailedJobs {
  constructor(private readonly queue: () => Promise<Queue<JobData>>) {}

  async list({
    limit,
    after = null,
  }: {
    readonly limit?: number;
    readonly after?: string | null;
  } = {}): Promise<FailedPage> {
    const size = pageSize(limit);
    const queue = await this.queue();
    // All ids, then the jobs of one page: a place in BullMQ's own order shifts whenever a job before it is retried.
    const ids = (await queue.getRanges(['failed'], 0, -1)).sort(byNumber);
    const following = ids.filter((id) => after === null || byNumber(id, after) > 0);
    const page = following.slice(0, size);
    const found = await Promise.all(page.map((id) => queue.getJob(id)));
    return {
      jobs: found.flatMap((job) => (job === undefined ? [] : [failedJobOf(job)])),
      after: following.length > size ? page.at(-1)! : null,
    };
  }

  async retry(id: string): Promise<boolean> {
    const job = await this.#find(id);
    if (job === null) return false;
    try {
      await job.retry('failed');
      return true;
    } catch (error) {
      // Somebody else has retried or discarded it meanwhile.
      if ((await this.#find(id)) === null) return false;
      throw error;
    }
  }

  async discard(id: string): Promise<boolean> {
    const job = await this.#find(id);
    return job !== null && (await (await this.queue()).remove(job.id!)) === 1;
  }

  async count(): Promise<number> {
    return (await this.queue()).getFailedCount();
  }

  async #find(id: string): Promise<Job<JobData> | null> {
    const job = await (await this.queue()).getJob(id);
    return job !== undefined && (await job.isFailed()) ? job : null;
  }
}

/** BullMQ's ids are counted; shorter is smaller. */
const byNumber = (one: string, other: string): number =>
  one.length - other.length || (one < other ? -1 : Number(one > other));

const failedJobOf = (job: Job<JobData>): FailedJob => ({
  id: job.id!,
  keys: keysOf(job.data) ?? [],
  attempts: job.attemptsMade,
  failedAt: job.finishedOn === undefined ? null : new Date(job.finishedOn),
  reason: job.failedReason || null,
});
