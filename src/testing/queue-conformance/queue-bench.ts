import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { DirtyKey } from '../../outbox/outbox-row.js';
import type { RetryOptions } from '../../queue/retry-policy.js';
import type { Consumer, KeyHandler, WorkQueue } from '../../queue/work-queue.js';
import { ChildConsumer } from './child-consumer.js';
import type { ChildBehaviour, QueueUnderTest } from './queue-under-test.js';

const PATIENCE_MS = 28_000;

/** Retries without end, where a case is not about them. */
const PATIENT: Required<RetryOptions> = { limit: 100, delaySeconds: 1, maxDelaySeconds: 1 };

/** A queue for one case, under a name that no other case uses, and short ways to say what cases say often. */
export class QueueBench {
  readonly name = `conformance_${randomBytes(6).toString('hex')}`;
  readonly #open: WorkQueue[] = [];
  readonly #children: ChildConsumer[] = [];
  readonly #gates: (() => void)[] = [];

  constructor(private readonly subject: QueueUnderTest) {}

  get dataSource(): DataSource {
    assert.ok(this.subject.dataSource, 'a transactional queue needs a DataSource');
    return this.subject.dataSource;
  }

  async queue(retry: RetryOptions = {}): Promise<WorkQueue> {
    const queue = this.subject.open(this.name, { ...PATIENT, ...retry });
    this.#open.push(queue);
    await queue.start();
    return queue;
  }

  interrupt(): Promise<() => Promise<void>> {
    return this.subject.interrupt();
  }

  child(behaviour: ChildBehaviour): ChildConsumer {
    const child = new ChildConsumer(this.subject.program(this.name, behaviour));
    this.#children.push(child);
    return child;
  }

  /** Something to wait for; it is opened after the case at the latest. */
  gate(): { readonly opened: Promise<void>; open(): void } {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gates.push(open);
    return { opened, open };
  }

  async close(): Promise<void> {
    for (const open of this.#gates) open();
    await Promise.all(this.#children.map((child) => child.end('SIGKILL')));
    await Promise.all(this.#open.map((queue) => queue.close()));
  }
}

export const keysNamed = (...recordKeys: readonly (string | number)[]): DirtyKey[] =>
  recordKeys.map((recordKey) => ({ entity: 'Movie', recordKey: String(recordKey) }));

export const textsOf = (keys: readonly DirtyKey[]): string[] =>
  keys.map(({ entity, recordKey }) => `${entity} ${recordKey}`);

/** Consumes, and remembers each batch that the handler was given. */
export function recording(
  queue: WorkQueue,
  handler: KeyHandler = async () => undefined,
): { readonly batches: string[][]; readonly consumer: Consumer } {
  const batches: string[][] = [];
  const consumer = queue.consume((keys, signal) => {
    batches.push(textsOf(keys).sort());
    return handler(keys, signal);
  });
  return { batches, consumer };
}

/** Waits until it holds; fails with the description where it does not for long. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`it never came true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const isIdle = async (queue: WorkQueue): Promise<boolean> => {
  const { waiting, delayed, active } = await queue.stats();
  return waiting + delayed + active === 0;
};
