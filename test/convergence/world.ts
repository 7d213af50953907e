import { randomBytes } from 'node:crypto';
import { Scrypath, ScrypathError } from 'scrypath';
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
import { type Contents, type Divergence, divergence, expectedContents } from './oracle';
import { backfillIn, changeRebuildIn, rebuildIn } from './rebuilding';
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

/** What becomes of the rebuild that a history has left. */
export const AFTERWARDS = ['leave', 'resume', 'rollback', 'finish', 'abandon'] as const;
export type Afterwards = (typeof AFTERWARDS)[number];

/** A rebuild that has not come to its end. */
interface Rebuilding {
  readonly state: string;
  readonly target: string;
  readonly problem: string | null;
}

/** For how long who was killed counts as at work, and a little more. */
const ALIVE_MS = 16_000;
/** How often who is at work is seen. */
const SEEN_EVERY_MS = 3_000;

/** How a history ended. Keys of the index that stands beside the live one are among them, marked so. */
export interface Ending extends Divergence {
  /** Work that nobody could finish. */
  readonly waiting: number;
  /** Discarded work of documents that nothing is wrong with, and poison that is not listed. */
  readonly wronglyListed: readonly string[];
}

export const isConverged = ({ lost, stale, ghosts, waiting, wronglyListed }: Ending): boolean =>
  lost.length + stale.length + ghosts.length + waiting + wronglyListed.length === 0;

const NO_DIVERGENCE: Divergence = { lost: [], stale: [], ghosts: [] };
const besides = (key: string): string => `${key} (beside)`;

/** What is wrong in either. */
export const worse = (one: Ending, other: Ending): Ending => ({
  lost: [...one.lost, ...other.lost],
  stale: [...one.stale, ...other.stale],
  ghosts: [...one.ghosts, ...other.ghosts],
  wronglyListed: [...one.wronglyListed, ...other.wronglyListed],
  waiting: one.waiting + other.waiting,
});

/** Longest that somebody takes to his end, in turns of a millisecond. */
const MOST_TURNS = 20_000;

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
        wake: (process) => this.wake(process),
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
      if (this.clock.now - this.#seenAt >= SEEN_EVERY_MS) await this.#see();
    }
  }

  #seenAt = 0;

  /** Who is at work on an index is seen, wherever the history keeps him: frozen for long, he would be taken for dead. */
  async #see(): Promise<void> {
    this.#seenAt = this.clock.now;
    const isAtWork = (lane: 'rebuild' | 'backfill') =>
      [...this.#processes].some((process) => !process.gate.isDead && process.isBusy(lane));
    const seen = async (table: string) => {
      const free = `SELECT id FROM ${table} WHERE seen_at > 0${this.isSqlite ? '' : ' FOR UPDATE SKIP LOCKED'}`;
      await this.dataSource.transaction(async (manager) => {
        for (const { id } of await manager.query(free))
          await manager.query(`UPDATE ${table} SET seen_at = ${this.clock.now} WHERE id = '${id}'`);
      });
    };
    for (const process of this.#processes)
      if (!process.gate.isDead && process.isFilling)
        for (const { owner } of process.fills)
          await this.dataSource.query(
            `UPDATE scrypath_fill SET updated_at = ${this.clock.now} WHERE owner = '${owner}' AND state = 'running'`,
          );
    if (isAtWork('rebuild')) await seen('scrypath_rebuild');
    if (isAtWork('backfill')) await seen('scrypath_registration');
  }

  /** Lets the time pass that a process waits for where it waits for nothing else. */
  async wake(process: SendingProcess): Promise<void> {
    const ms = process.gate.waiting > 0 ? null : this.clock.untilWoken(process);
    if (ms !== null) await this.pass(ms);
  }

  /** Whether somebody is at work who fills or exchanges indexes. */
  get isFilling(): boolean {
    return [...this.#processes].some((each) => !each.gate.isDead && each.isFilling);
  }

  /** Lets it pass until nobody counts as at work any more who is not. */
  async forgetTheDead(): Promise<void> {
    await this.pass(ALIVE_MS);
  }

  /** Whether a backfill has ranges that somebody may take. */
  async isDivided(): Promise<boolean> {
    const sql = "SELECT id FROM scrypath_fill WHERE parent IS NOT NULL AND state = 'open'";
    return (await this.dataSource.query(sql)).length > 0;
  }

  /** The rebuild that was not brought to its end. */
  async rebuild(): Promise<Rebuilding | null> {
    const [row = null] = await this.dataSource.query(
      `SELECT state, target, problem FROM scrypath_rebuild WHERE state NOT IN ('finished', 'rolled_back', 'abandoned')`,
    );
    return row;
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

  /**
   * Ends every fault and every process, brings what is left to the engine, and tells how the index differs.
   * @param kills whether who fills or exchanges indexes dies of it
   */
  async conclude(afterwards: Afterwards = 'leave', kills = false): Promise<Ending> {
    this.engine.slow = false;
    await this.#endFills(kills);
    await this.#endAll();
    await this.engine.faults.clear();
    this.poisonForGood();
    const last = await this.process();
    last.gate.open();
    const endings = await this.#endRebuild(last, afterwards);
    await last.end();
    this.#processes.delete(last);
    return endings.reduce(worse);
  }

  /** Who is at work on an index dies, or comes to his end with whatever goes wrong for him. */
  async #endFills(kills: boolean): Promise<void> {
    const filling = [...this.#processes].filter((each) => each.isFilling);
    for (const process of filling) {
      if (kills && process.mayDie) await process.kill();
      else process.gate.open();
    }
    // One may wait for another.
    for (const process of filling) await this.#through(process, () => process.isFilling);
  }

  /** Time goes on as a process wants it, as long as something holds. */
  async #through(process: SendingProcess, holds: () => boolean): Promise<void> {
    for (let turn = 0; holds(); turn += 1) {
      if (turn > MOST_TURNS) throw new Error('Somebody does not come to an end.');
      await new Promise((resolve) => setTimeout(resolve, 1));
      // A lease has to run out; a lock is lost where it is held for too long.
      if (turn % 5 < 4) continue;
      const ms = Math.min(1_000, this.clock.untilWoken(process) ?? 10);
      await this.pass(this.isSqlite ? Math.max(ms, 500) : ms);
    }
  }

  /** Waits for work of a process whose gate is open. */
  async #finished(process: SendingProcess, work: () => Promise<void>): Promise<void> {
    let over = false;
    const working = this.clock.owners.run(process, work).finally(() => {
      over = true;
    });
    working.catch(() => undefined);
    await this.#through(process, () => !over);
    await working;
  }

  /** How the indexes differ when all is sent, and after each step to the end of a rebuild. */
  async #endRebuild(last: SendingProcess, afterwards: Afterwards): Promise<readonly Ending[]> {
    if (await this.#isBackfillLeft()) {
      await this.#drain(last);
      await this.forgetTheDead();
      // What the engine refuses is listed, and told.
      await this.#finished(last, () => backfillIn(last, 100)).catch((error: unknown) => {
        if (!ScrypathError.is(error, 'WORK_DISCARDED')) throw error;
      });
    }
    const endings = [await this.#drained(last)];
    const rebuild = await this.rebuild();
    if (rebuild === null) return endings;
    if (rebuild.problem) throw new Error(`The rebuild has a problem: ${rebuild.problem}.`);
    await this.forgetTheDead();
    const go = async (work: () => Promise<void>) => {
      await this.#finished(last, work);
      endings.push(await this.#drained(last));
    };
    const isBeforeCutover = ['creating', 'building', 'ready'].includes(rebuild.state);
    if (isBeforeCutover && afterwards === 'leave') return endings;
    if (isBeforeCutover && afterwards === 'abandon') await go(() => changeRebuildIn(last, 'abandon'));
    else if (rebuild.state !== 'kept') await go(() => rebuildIn(last, {}));
    if ((await this.rebuild())?.state !== 'kept') return endings;
    if (afterwards === 'rollback' || afterwards === 'finish') await go(() => changeRebuildIn(last, afterwards));
    return endings;
  }

  /** Only the end of a backfill is a promise, and nothing before it. */
  async #isBackfillLeft(): Promise<boolean> {
    const sql = 'SELECT id FROM scrypath_registration WHERE rebuild IS NULL';
    return (await this.dataSource.query(sql)).length > 0;
  }

  /** Brings what is left to the engine. */
  async #drained(last: SendingProcess): Promise<Ending> {
    const waiting = await this.#drain(last);
    return { ...(await this.#compare()), waiting };
  }

  /** @returns how many rows nobody could finish */
  async #drain(last: SendingProcess): Promise<number> {
    let waiting = await this.#waiting();
    for (let round = 0; round < FINAL_ROUNDS && waiting > 0; round += 1) {
      this.clock.now += LONG_MS;
      await this.#work(last);
      waiting = await this.#waiting();
    }
    return waiting;
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
    const live = divergence(expected, actual, bad);
    const beside = await this.#compareBeside(expected, bad);
    return {
      lost: [...live.lost, ...beside.lost.map(besides)],
      stale: [...live.stale, ...beside.stale.map(besides)],
      ghosts: [...live.ghosts, ...beside.ghosts.map(besides)],
      wronglyListed: [
        ...[...listed].filter((key) => !this.engine.poisoned.has(key)),
        ...[...bad].filter((key) => !listed.has(key)),
      ],
    };
  }

  /** How the index beside the live one differs now, verified or not. */
  async lookBeside(): Promise<Ending> {
    const { target } = (await this.rebuild())!;
    const differs = divergence(await expectedContents(this.dataSource), await this.engine.contents(target), new Set());
    return { ...differs, waiting: 0, wronglyListed: [] };
  }

  /** The index beside the live one is as current as that, but for what the engine refuses there alone. */
  async #compareBeside(expected: Contents, bad: ReadonlySet<string>): Promise<Divergence> {
    const rebuild = await this.rebuild();
    if (rebuild === null || !['ready', 'kept'].includes(rebuild.state)) return NO_DIVERGENCE;
    const owed: { record_key: string }[] = await this.dataSource.query(
      `SELECT record_key FROM scrypath_touched JOIN scrypath_rebuild ON registration = id WHERE target = '${rebuild.target}'`,
    );
    const ignored = new Set([...bad, ...owed.map(({ record_key }) => record_key)]);
    return divergence(expected, await this.engine.contents(rebuild.target), ignored);
  }

  /** An empty database and an empty index. */
  async reset(): Promise<void> {
    this.engine.slow = false;
    await this.#endFills(true);
    await this.#endAll();
    await this.engine.faults.clear();
    this.engine.poisoned.clear();
    this.engine.splits = false;
    this.together = false;
    for (const table of ['chapter', 'book_tag', 'book', 'author', 'tag', 'scrypath_outbox'])
      await this.dataSource.query(`DELETE FROM ${table}`);
    await this.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
    await this.dataSource.query('UPDATE scrypath_index SET isolating = 0, in_flight = NULL');
    await this.#forgetRebuilds();
    await this.engine.empty(this.metadata.indexName);
    this.poisonForGood();
  }

  /** Whatever stands behind the live name now is the live index. */
  async #forgetRebuilds(): Promise<void> {
    const rebuilds: { target: string }[] = await this.dataSource.query('SELECT target FROM scrypath_rebuild');
    for (const table of ['rebuild', 'registration', 'touched', 'fill', 'fence'])
      await this.dataSource.query(`DELETE FROM scrypath_${table}`);
    if (rebuilds.length === 0) return;
    const { indexes } = this.engine.backend;
    await this.engine.idle();
    for (const { target } of rebuilds) if ((await indexes.get(target)) !== null) await indexes.drop(target);
    await this.engine.idle();
    await this.books.adoptIndex();
  }

  async close(): Promise<void> {
    await this.#endFills(true);
    await this.#endAll();
    this.clock.stop();
    await this.scrypath.close();
    await this.engine.close();
    await this.#drop();
  }
}
