import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource } from 'typeorm';
import { captureIntoOutbox } from './capture/outbox-capture.js';
import type { UnresolvedWrite } from './capture/unresolved.js';
import { ScrypathError } from './errors/scrypath-error.js';
import { type FanOut, fanOutOf } from './fan-out/fan-out.js';
import { FillHelp } from './fill-help.js';
import { contractOf } from './metadata/contract.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import type { PreparedIndex } from './operator/prepare-indexes.js';
import type { ResolvedOutbox } from './options/outbox-options.js';
import type { ResolvedOptions } from './options/scrypath-options.js';
import { attachOutbox } from './outbox/attach.js';
import { type CommittedMarks, CommitWatch } from './outbox/commit-watch.js';
import { ensureOutbox } from './outbox/install.js';
import { checkShardCount } from './outbox/shard-count.js';
import { projectionOf } from './projection/projection.js';
import { failureReason } from './queue/failure-reason.js';
import type { OutboxSite } from './sync/outbox-sync.js';
import type { Logger } from './telemetry/logger.js';
import { ensureTriggers } from './triggers/install.js';
import { checkTriggers } from './triggers/verify.js';
import { writeContract } from './worker/contracts.js';
import { Delivery } from './worker/delivery.js';
import { FailedList } from './worker/failed-list.js';
import { readIndexStates, recordIndex } from './worker/index-state.js';
import { QueueFeed } from './worker/queue-feed.js';
import type { Timing } from './worker/timing.js';
import { announceVersion } from './worker/versions.js';
import type { Work } from './worker/work.js';

/** The outbox of one instance: tables, capture, and whoever brings what is dirty to the engine. */
export class OutboxWiring implements OutboxSite {
  readonly #options: ResolvedOptions;
  readonly #outbox: ResolvedOutbox;
  readonly #logger: Logger;
  readonly #metadatas: () => readonly SearchMetadata[];
  readonly #attached: Promise<void>;
  readonly #background: (work: Promise<unknown>) => void;
  readonly #tokens = new AsyncLocalStorage<Set<string>>();
  readonly commits: CommitWatch;
  readonly feed: QueueFeed | null;
  #fanOut: FanOut | null = null;
  #work: Work | null = null;
  #delivery: Delivery | null = null;
  #stopCapture: (() => void) | null = null;
  /** Writes that capture could not resolve since the instance was made. */
  unresolvedWrites = 0;

  constructor(
    options: ResolvedOptions,
    outbox: ResolvedOutbox,
    logger: Logger,
    metadatas: () => readonly SearchMetadata[],
    background: (work: Promise<unknown>) => void,
  ) {
    this.#options = options;
    this.#outbox = outbox;
    this.#logger = logger;
    this.#metadatas = metadatas;
    this.#background = background;
    this.#attached = attachOutbox(options.dataSource, { shards: outbox.shards });
    // start() awaits it; until then nobody may be told of a rejection that nobody handles.
    this.#attached.catch(() => undefined);
    this.commits = new CommitWatch(options.dataSource, (marks) => this.#told(marks));
    const connection = () => this.delivery.sender.source.aside('look');
    const { queue, mode } = options;
    // In the other modes this instance brings what is committed.
    this.feed = queue && mode === 'queued' ? new QueueFeed({ queue, connection, logger, background }) : null;
  }

  get delivery(): Delivery {
    this.#delivery ??= new Delivery(
      {
        dataSource: this.#options.dataSource,
        shards: this.#outbox.shards,
        backend: this.#options.backend,
        work: this.work,
        logger: this.#logger,
        timing: this.#outbox.timing,
        backoff: this.#outbox.backoff,
        maxAttempts: this.#outbox.maxAttempts,
      },
      this.#options.queue,
      (token) => this.commits.isOpen(token),
      ({ source }) => {
        const { dataSource, backend } = this.#options;
        const connection = () => source.aside('look');
        return new FillHelp({ dataSource, backend, connection, work: () => this.work, logger: this.#logger });
      },
    );
    return this.#delivery;
  }

  /** Times that senders keep to. */
  get timing(): Timing {
    return this.#outbox.timing;
  }

  get failed(): FailedList {
    const connection = () => this.delivery.sender.source.aside('look');
    const { queue, backend } = this.#options;
    return new FailedList({ connection, work: this.work, queue, backend, logger: this.#logger });
  }

  get fanOut(): FanOut {
    this.#fanOut ??= fanOutOf(this.#options.dataSource, this.#metadatas());
    return this.#fanOut;
  }

  /** What the outbox's rows say of records that documents of the entity hold. */
  dependenciesOf({ entity }: SearchMetadata): readonly string[] {
    return [...this.fanOut.dependencies].filter(([, { owner }]) => owner.entity === entity).map(([name]) => name);
  }

  get work(): Work {
    this.#work ??= this.#workOf();
    return this.#work;
  }

  #workOf(): Work {
    const documents = this.#metadatas().map(
      (metadata) => [metadata.entity, { metadata, projection: projectionOf(metadata) }] as const,
    );
    return { documents: new Map(documents), dependencies: this.fanOut.dependencies };
  }

  /** Makes or checks the tables. With `synchronize` they are made, as all others are. */
  async prepareTables(): Promise<void> {
    const { dataSource } = this.#options;
    await this.#attached;
    if (dataSource.options.synchronize) await ensureOutbox(dataSource, { shards: this.#outbox.shards });
    else await checkShardCount(dataSource.manager, this.#outbox.shards);
  }

  /** Remembers which physical index stands behind each name. */
  async adoptIndexes(prepared: readonly PreparedIndex[]): Promise<void> {
    const queryRunner = await this.delivery.sender.source.aside('look');
    for (const { entity, index, created } of prepared) {
      const known = (await readIndexStates(queryRunner, [index])).get(index)?.createdAt ?? null;
      if (known !== null && !created) continue;
      const found = await this.#options.backend.indexes.get(index);
      if (found === null) continue;
      if (known !== null && known !== found.createdAt)
        this.#logger.warn(
          `The index "${index}" of ${entity} was missing and has been created empty: mark everything dirty, or rebuild it.`,
          { entity, index },
        );
      await recordIndex(queryRunner, index, found.createdAt);
      const metadata = this.#metadatas().find((one) => one.entity === entity);
      if (created && metadata)
        await writeContract(queryRunner, { entity, indexCreated: found.createdAt }, contractOf(metadata));
    }
    for (const { entity, version } of this.#metadatas()) await announceVersion(queryRunner.manager, entity, version);
  }

  /** Takes the index that is there now for the one to write to. */
  async adoptIndex(index: string): Promise<void> {
    const found = await this.#options.backend.indexes.get(index);
    if (found === null)
      throw new ScrypathError({ code: 'INDEX_NOT_FOUND', index, happened: `Index "${index}" does not exist.` });
    await recordIndex(await this.delivery.sender.source.aside('look'), index, found.createdAt);
  }

  /** Makes in the engine of the queue what is missing. */
  async startQueue(): Promise<void> {
    const { queue, dataSource } = this.#options;
    if (queue === null) return;
    // No keys: says whether the queue can join transactions of this DataSource.
    if (queue.transactional) await queue.enqueue([], { manager: dataSource.manager });
    await queue.start();
  }

  async startCapture(): Promise<void> {
    const { capture, dataSource } = this.#options;
    if (capture === 'triggers') await this.#checkTriggers(dataSource);
    if (capture !== 'orm' || this.#stopCapture !== null) return;
    const { stop } = captureIntoOutbox(dataSource, {
      fanOut: this.fanOut,
      logger: this.#logger,
      committed: (marks) => this.#captured(marks),
      beforeCommit: async (manager, marks) => (await this.feed?.join(manager, marks)) ?? 0,
      unresolved: (_: UnresolvedWrite) => {
        this.unresolvedWrites += 1;
      },
    });
    this.#stopCapture = stop;
  }

  async #checkTriggers(dataSource: DataSource): Promise<void> {
    // Altering a table of SQLite through TypeORM makes it anew, without its triggers.
    const remakes = dataSource.options.synchronize || dataSource.options.type === 'better-sqlite3';
    if (remakes) await ensureTriggers(dataSource, this.fanOut);
    const { warnings } = await checkTriggers(dataSource, this.fanOut);
    for (const warning of warnings) this.#logger.warn(warning);
  }

  /** Marks of verbs and of capture: for whoever tracks, and for workers here or elsewhere. */
  #told({ token, count, fed = 0 }: CommittedMarks): void {
    if (count === 0) return;
    this.#tokens.getStore()?.add(token);
    if (this.feed === null) this.delivery.committed();
    else if (fed < count) this.feed.committed(token);
  }

  /** Marks of capture, which nobody brings to the engine but this instance, where its mode is not `queued`. */
  #captured(marks: CommittedMarks): void {
    this.#told(marks);
    const { token, count } = marks;
    if (count === 0 || this.#options.mode === 'queued') return;
    // The other modes need no worker; nobody waits for it here, and what fails stays in the outbox.
    const { timeoutMs } = this.#options;
    const waiting = { goal: 'completed', timeoutMs, failFast: true, drains: true } as const;
    this.#background(
      this.delivery.wait([token], waiting).catch((error: unknown) => {
        this.#logger.warn('Captured writes are not in the index yet; they stay in the outbox.', {
          reason: failureReason(error),
        });
      }),
    );
  }

  /** Runs `fn`, and gives the tokens of what was committed in it. */
  async track<T>(fn: () => T | Promise<T>): Promise<{ readonly value: T; readonly tokens: ReadonlySet<string> }> {
    const tokens = new Set<string>();
    const value = await this.#tokens.run(tokens, async () => fn());
    const outer = this.#tokens.getStore();
    for (const token of tokens) outer?.add(token);
    return { value, tokens };
  }

  stopCapture(): void {
    this.#stopCapture?.();
    this.#stopCapture = null;
  }

  async close(): Promise<void> {
    this.stopCapture();
    this.commits.stop();
    await this.#delivery?.close();
    await this.#options.queue?.close();
  }
}
