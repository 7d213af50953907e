import { randomBytes } from 'node:crypto';
import { type ReindexOptions, Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import type { WorkerOptions } from '../../src/worker/worker';
import { Child, type RebuildVerb } from './children';
import { type OwnDatabase, ownDatabase, type ServerName } from './database';
import { DatabaseLink } from './database-link';
import { EngineLink } from './engine-link';
import type { EngineProcess } from './engine-process';
import { type Differences, differences, expectedProducts, storedProducts } from './oracle';
import { Product, SHOP, type ShopSize, SMALL } from './shop';
import { stock } from './stock';
import type { Written } from './writer';

/** Short times, so that a run sees them pass: what is lost on its way arrives within 4.5 s of its claim, or never. */
export const OUTBOX = { lockMs: 2_000, requestMs: 1_000, marginMs: 1_500, backoff: { baseMs: 50, maxMs: 1_000 } };
export const GRACE_MS = OUTBOX.lockMs + OUTBOX.requestMs + OUTBOX.marginMs;

const DRAINED_WITHIN_MS = 120_000;

export interface WorkerGiven extends WorkerOptions {
  /** Where it finds the engine; default the scene's link. */
  readonly engine?: string;
  readonly freezeAtSend?: number;
  readonly stopMs?: number;
  readonly answerMs?: number;
}

export interface SceneGiven {
  /** Products that are there, and in the index, before anybody writes; default none. */
  readonly size?: ShopSize;
  /** Whether times of seconds are shorter: see short-times.cjs. */
  readonly shortTimes?: boolean;
}

/** A rebuild that has not come to its end. */
export interface UnfinishedRebuild {
  readonly id: string;
  readonly state: string;
  readonly target: string;
}

/** A database, an engine behind a network of its own, and the processes that work there. */
export class Scene {
  readonly prefix = `p${randomBytes(5).toString('hex')}`;
  readonly #children: Child[] = [];
  readonly #links: { close(): Promise<void> }[] = [];
  readonly #written: Written = { saves: 0, writes: 0, failed: 0, repeated: 0, errors: [] };

  private constructor(
    readonly database: OwnDatabase,
    readonly engine: EngineProcess,
    /** Between the workers and the engine. */
    readonly link: EngineLink,
    /** Between the workers and the database. */
    readonly databaseLink: DatabaseLink,
    readonly given: SceneGiven,
  ) {}

  static async open(server: ServerName, engine: EngineProcess, given: SceneGiven = {}): Promise<Scene> {
    const database = await ownDatabase(server, SHOP);
    const links = [await EngineLink.to(engine.url), await DatabaseLink.to(database)] as const;
    const scene = new Scene(database, engine, ...links, given);
    try {
      await scene.#prepare();
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  /** Tables and index are made before the others come, as a deployment does. */
  async #prepare(): Promise<void> {
    const dataSource = new DataSource(dataSourceOptions(this.database.url, { entities: SHOP, synchronize: true }));
    await dataSource.initialize();
    const backend = meilisearch({ host: this.engine.url, apiKey: this.engine.apiKey });
    const { prefix } = this;
    const scrypath = new Scrypath({ dataSource, backend, prefix, sync: { mode: 'queued' }, outbox: OUTBOX });
    await scrypath.prepare();
    const { size } = this.given;
    if (size) {
      await stock(this.database, size);
      await scrypath.for(Product).backfill();
    }
    await scrypath.close();
    await dataSource.destroy();
  }

  get index(): string {
    return `${this.prefix}_products`;
  }

  async anotherLink(): Promise<EngineLink> {
    const link = await EngineLink.to(this.engine.url);
    this.#links.push(link);
    return link;
  }

  get #place() {
    const { prefix } = this;
    return {
      database: this.database.url,
      engine: this.engine.url,
      apiKey: this.engine.apiKey,
      prefix,
      outbox: OUTBOX,
      shortTimes: this.given.shortTimes ?? false,
    };
  }

  get #size(): ShopSize {
    return this.given.size ?? SMALL;
  }

  /** Does something with a rebuild in a process of its own; resolves when that begins. */
  async rebuilder(rebuild: string | null, verb: RebuildVerb, options: ReindexOptions = {}): Promise<Child> {
    const place = { ...this.#place, engine: this.link.url, database: this.databaseLink.url };
    return this.#begin(new Child({ ...place, role: 'rebuilder', rebuild, verb, options }));
  }

  async rebuild(): Promise<UnfinishedRebuild | null> {
    const [row = null] = await this.database.query<UnfinishedRebuild>(
      `SELECT id, state, target FROM scrypath_rebuild WHERE state NOT IN ('finished', 'rolled_back', 'abandoned')`,
    );
    return row;
  }

  /** A worker in a process of its own; resolves when it works. */
  async worker(given: WorkerGiven = {}): Promise<Child> {
    const { engine = this.link.url, freezeAtSend = 0, stopMs = 5_000, answerMs = 3_000, ...worker } = given;
    const place = { ...this.#place, engine, database: this.databaseLink.url };
    const options = { batchSize: 100, ...worker };
    return this.#begin(new Child({ ...place, role: 'worker', worker: options, stopMs, answerMs, freezeAtSend }));
  }

  /** A writer in a process of its own; resolves when it writes. */
  async writer(
    seed: number,
    given: { lane?: number; perSecond?: number; seeds?: boolean; dieAfterCommits?: number } = {},
  ): Promise<Child> {
    const { lane = 0, perSecond = 50, seeds = false, dieAfterCommits = 0 } = given;
    const writer = { seed, lane, perSecond, seeds, size: this.#size };
    return this.#begin(new Child({ ...this.#place, role: 'writer', writer, dieAfterCommits }));
  }

  async #begin(child: Child): Promise<Child> {
    this.#children.push(child);
    await child.says('ready');
    return child;
  }

  /** Lets writers finish, and counts what they have done. */
  async finish(...writers: readonly Child[]): Promise<void> {
    for (const writer of writers) writer.send('stop');
    for (const writer of writers) {
      const { written } = await writer.says('written');
      this.#written.saves += written.saves;
      this.#written.writes += written.writes;
      this.#written.failed += written.failed;
      this.#written.repeated += written.repeated;
      this.#written.errors.push(...written.errors);
      await writer.kill();
    }
  }

  /** Processes that ended by an error of their own. */
  get crashes(): number {
    return this.#children.filter(({ hasFailed }) => hasFailed).length;
  }

  get written(): Written {
    return this.#written;
  }

  async waitingRows(): Promise<number> {
    const [row] = await this.database.query<{ n: unknown }>('SELECT COUNT(*) AS n FROM scrypath_outbox');
    return Number(row!.n);
  }

  /** Resolves when nothing is to be done any more, and nothing is on its way. */
  async drained(): Promise<void> {
    this.link.mishap = () => ({ kind: 'none' });
    const deadline = Date.now() + DRAINED_WITHIN_MS;
    const isAtRest = async () =>
      !this.link.isBusy && (await this.waitingRows()) === 0 && !(await this.#isIndexing()) && !this.link.isBusy;
    while (!(await isAtRest())) {
      if (Date.now() > deadline) throw new Error(`Not drained: ${await this.#leftovers()}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #isIndexing(): Promise<boolean> {
    const path = '/tasks?statuses=enqueued,processing&limit=1';
    return (await this.engine.ask<{ total: number }>('GET', path)).total > 0;
  }

  async #leftovers(): Promise<string> {
    return JSON.stringify(
      await this.database.query(
        'SELECT state, entity, error_class, piece, COUNT(*) AS n FROM scrypath_outbox GROUP BY state, entity, error_class, piece',
      ),
    );
  }

  async rows(): Promise<number> {
    const [row] = await this.database.query<{ n: unknown }>('SELECT COUNT(*) AS n FROM product');
    return Number(row!.n);
  }

  /** What the index says, held against what the database says. */
  async compare(index = this.index): Promise<Differences> {
    const expected = await expectedProducts(this.database);
    return differences(expected, await storedProducts(this.engine, index));
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()));
    for (const link of [this.link, this.databaseLink, ...this.#links]) await link.close();
    const { results } = await this.engine.ask<{ results: { uid: string }[] }>('GET', '/indexes?limit=1000');
    for (const { uid } of results)
      if (uid.startsWith(this.prefix)) await this.engine.ask('DELETE', `/indexes/${uid}`).catch(() => undefined);
    await this.database.drop();
  }
}
