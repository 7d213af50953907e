import { randomBytes } from 'node:crypto';
import { Scrypath } from 'scrypath';
import type { DataSource } from 'typeorm';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { append } from '../../src/outbox/append';
import { newToken } from '../../src/outbox/mark-id';
import { projectionOf } from '../../src/projection/projection';
import type { SenderSite } from '../../src/worker/sender';
import type { DatabaseName } from '../stacks/reachable';
import { openDatabase } from '../stacks/stack';
import { type EngineRoom, openEngineRoom, POISON, REFUSED, titleOf } from './engine-room';
import { Book, LIBRARY } from './library';
import { type Divergence, divergence, expectedContents } from './oracle';
import { SendingProcess } from './sending-process';
import { GRACE_MS, LATE_MS, LOCK_MS } from './times';
import { VirtualClock } from './virtual-clock';

/** Longer than anything that anybody waits for. */
const LONG_MS = 60_000;
const FINAL_ROUNDS = 20;
const BATCHES_A_ROUND = 20;

export interface WorldOptions {
  readonly capture: 'orm' | 'triggers' | 'none';
  /** A real Meilisearch; without one the embedded engine is used. */
  readonly meilisearch?: { readonly url: string; readonly apiKey: string };
  readonly entities?: typeof LIBRARY;
}

/** How a history ended. */
export interface Ending extends Divergence {
  /** Work that nobody could finish. */
  readonly waiting: number;
  /** Discarded work of documents that nothing is wrong with, and poison that is not listed. */
  readonly wronglyListed: readonly string[];
}

export const isConverged = ({ lost, stale, ghosts, waiting, wronglyListed }: Ending): boolean =>
  lost.length + stale.length + ghosts.length + waiting + wronglyListed.length === 0;

/** One database and one engine for one history after the other, all of the real code between them. */
export class World {
  readonly dataSource: DataSource;
  readonly scrypath: Scrypath;
  readonly engine: EngineRoom;
  readonly metadata: SearchMetadata;
  readonly clock: VirtualClock;
  /** Whether what waits in the engine fails together. */
  together = false;
  readonly #site: Omit<SenderSite, 'backend'>;
  readonly #processes = new Set<SendingProcess>();
  /** Requests on their way, and when they arrive at the latest. */
  #posted: { readonly at: number; readonly arrive: () => Promise<unknown> }[] = [];
  readonly #drop: () => Promise<void>;

  private constructor(parts: {
    dataSource: DataSource;
    scrypath: Scrypath;
    engine: EngineRoom;
    drop: () => Promise<void>;
    prefix: string;
  }) {
    const { dataSource, prefix } = parts;
    this.dataSource = dataSource;
    this.scrypath = parts.scrypath;
    this.engine = parts.engine;
    this.#drop = parts.drop;
    const metadatas = new MetadataRegistry(dataSource, [], { prefix }).all();
    this.metadata = metadatas.find(({ entity }) => entity === 'Book') ?? metadatas[0]!;
    this.#site = {
      dataSource,
      shards: 4,
      work: {
        documents: new Map(
          metadatas.map((metadata) => [metadata.entity, { metadata, projection: projectionOf(metadata) }]),
        ),
        dependencies: fanOutOf(dataSource, metadatas).dependencies,
      },
      logger: { warn: () => undefined, error: () => undefined },
      timing: { lockMs: LOCK_MS, requestMs: LONG_MS, graceMs: GRACE_MS },
      backoff: { baseMs: 10, maxMs: 100 },
      maxAttempts: 1_000,
    };
    this.clock = new VirtualClock(dataSource);
  }

  static async open(database: DatabaseName, options: WorldOptions): Promise<World> {
    const { dataSource, drop } = await openDatabase(database, options.entities ?? LIBRARY);
    const engine = openEngineRoom(options.meilisearch ?? null);
    const prefix = `t${randomBytes(5).toString('hex')}`;
    const scrypath = new Scrypath({
      dataSource,
      backend: engine.backend,
      prefix,
      sync: { mode: 'queued' },
      capture: options.capture,
      outbox: { shards: 4 },
      logger: { warn: () => undefined, error: () => undefined },
    });
    await scrypath.start();
    return new World({ dataSource, scrypath, engine, drop, prefix });
  }

  get isSqlite(): boolean {
    return this.dataSource.options.type === 'better-sqlite3';
  }

  get books() {
    return this.scrypath.for(Book);
  }

  async process(site: Partial<SenderSite> = {}, { waits = true } = {}): Promise<SendingProcess> {
    const started = await SendingProcess.start(
      { ...this.#site, ...site },
      {
        engine: this.engine.backend,
        clock: this.clock,
        waits,
        // Time goes on by half of that at most: whole, it would arrive too late.
        post: (arrive) => void this.#posted.push({ at: this.clock.now + LATE_MS / 2, arrive }),
      },
    );
    this.#processes.add(started);
    return started;
  }

  /** Time passes: what is on its way arrives, and the database looks at its connections. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LATE_MS / 2) {
      this.clock.now += Math.min(left, LATE_MS / 2);
      for (const process of this.#processes) process.tick();
      await this.#deliver(this.clock.now);
    }
  }

  async #deliver(until: number): Promise<void> {
    const due = this.#posted.filter(({ at }) => at <= until);
    this.#posted = this.#posted.filter(({ at }) => at > until);
    for (const { arrive } of due) await arrive().catch(() => undefined);
  }

  get work(): SenderSite['work'] {
    return this.#site.work;
  }

  /** A verb that sends by itself: it marks the key, and drains what it has marked. */
  async markAndSend({ delivery }: SendingProcess, code: string, mode: 'inline' | 'manual'): Promise<void> {
    const { manager } = await delivery.sender.source.aside('settle');
    const token = newToken();
    await append(manager, [{ entity: 'Book', recordKey: code }], 'verb', token);
    const goal = mode === 'inline' ? 'completed' : 'accepted';
    await delivery.wait([token], { goal, timeoutMs: 5_000, failFast: true, drains: true });
  }

  /** Ends every fault and every process, brings what is left to the engine, and tells how the index differs. */
  async conclude(): Promise<Ending> {
    await this.#endAll();
    await this.engine.faults.clear();
    this.engine.slow = false;
    this.poisonForGood();
    const last = await this.process();
    last.gate.open();
    let waiting = await this.#waiting();
    for (let round = 0; round < FINAL_ROUNDS && waiting > 0; round += 1) {
      this.clock.now += LONG_MS;
      await this.#work(last);
      waiting = await this.#waiting();
    }
    await last.end();
    this.#processes.delete(last);
    return { ...(await this.#compare()), waiting };
  }

  async #work({ sender }: SendingProcess): Promise<void> {
    try {
      // What fails again and again goes on for ever.
      for (let batch = 0; batch < BATCHES_A_ROUND; batch += 1) {
        if ((await sender.drain({ kind: 'due', limit: 100, fewerShards: false })).sent === 0) break;
        await this.engine.idle();
        await sender.settler.settle(0);
      }
      await sender.settler.adopt();
      await this.engine.idle();
      await sender.settler.settle(0);
    } catch {
      // The next round tries again: what stays is counted.
    }
  }

  /** Documents with a poisonous title fail whenever they get to the engine. */
  poisonForGood(): void {
    this.engine.faults.failTask('upsert', {
      together: this.together,
      times: Number.POSITIVE_INFINITY,
      when: (documents) => documents.some(({ data }) => titleOf(data).startsWith(POISON)),
    });
  }

  async #endAll(): Promise<void> {
    const ending = [...this.#processes].filter(({ gate }) => !gate.isDead);
    for (const { faults } of this.#processes) await faults.clear();
    await this.pass(LATE_MS);
    // Who still waits for something gives up when its time is over.
    const ends = ending.map((each) => each.end());
    let over = false;
    const all = Promise.all(ends).then(() => {
      over = true;
    });
    while (!over) {
      this.clock.now += LONG_MS;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await all;
    this.#processes.clear();
  }

  async #waiting(): Promise<number> {
    const [{ n }] = await this.dataSource.query(`SELECT COUNT(*) AS n FROM scrypath_outbox WHERE state <> 'discarded'`);
    return Number(n);
  }

  async #compare(): Promise<Omit<Ending, 'waiting'>> {
    const expected = await expectedContents(this.dataSource);
    const actual = await this.engine.contents(this.metadata.indexName);
    const isBad = (text: string) => text.includes(`title:"${POISON}`) || text.includes(`title:"${REFUSED}`);
    const bad = new Set([...expected].flatMap(([key, text]) => (isBad(text) ? [key] : [])));
    const rows: { record_key: string }[] = await this.dataSource.query(
      `SELECT DISTINCT record_key FROM scrypath_outbox WHERE state = 'discarded'`,
    );
    const listed = new Set(rows.map(({ record_key }) => record_key));
    return {
      ...divergence(expected, actual, bad),
      wronglyListed: [
        ...[...listed].filter((key) => !this.engine.poisoned.has(key)),
        ...[...bad].filter((key) => !listed.has(key)),
      ],
    };
  }

  /** An empty database and an empty index. */
  async reset(): Promise<void> {
    await this.#endAll();
    await this.engine.faults.clear();
    this.engine.slow = false;
    this.engine.poisoned.clear();
    this.engine.splits = false;
    this.together = false;
    for (const table of ['chapter', 'book_tag', 'book', 'author', 'tag', 'scrypath_outbox'])
      await this.dataSource.query(`DELETE FROM ${table}`);
    await this.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
    await this.dataSource.query('UPDATE scrypath_index SET isolating = 0, in_flight = NULL');
    await this.engine.empty(this.metadata.indexName);
    this.poisonForGood();
  }

  async close(): Promise<void> {
    await this.#endAll();
    this.clock.stop();
    await this.scrypath.close();
    await this.engine.close();
    await this.#drop();
  }
}
