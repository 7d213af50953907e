import { type Backend, ScrypathError } from 'scrypath';
import { type FaultPoint, type Faults, withFaults } from 'scrypath/testing';
import type { DataSource, QueryRunner } from 'typeorm';
import type { FillPart } from '../../src/backfill/fill-parts';
import { Delivery } from '../../src/worker/delivery';
import { LockedShards } from '../../src/worker/locked-shards';
import { Sender, type SenderSite } from '../../src/worker/sender';
import type { HoldSource } from '../../src/worker/shard-hold';
import { Gate } from './gate';
import { Connection } from './held-connection';
import { LOCK_MS, PAUSE_MS } from './times';
import type { VirtualClock } from './virtual-clock';

export type Lane = 'send' | 'settle' | 'direct' | 'rebuild' | 'backfill' | 'help';

/** Work on an index as a whole. */
export const FILLING: readonly Lane[] = ['rebuild', 'backfill', 'help'];

/** Requests that change something in the engine. */
export type ChangePoint = Exclude<FaultPoint, 'search' | 'outcomes'>;

/** Where processes send, and what keeps requests that hang on their way. */
export interface Surroundings {
  readonly engine: Backend;
  readonly clock: VirtualClock;
  /** Brings the request to the engine when its time on the way is over. */
  readonly post: (request: () => Promise<unknown>) => void;
  /** Lets the time pass that a process waits for where it waits for nothing else. */
  readonly wake: (process: SendingProcess) => Promise<void>;
  /** Whether it is kept from transactions of the application beyond what it does for that itself. */
  readonly waits: boolean;
}

/** A process that sends: its workers' sender, its verbs' sender, its way to the engine, and one gate before every step of them. */
export class SendingProcess {
  readonly gate = new Gate();
  readonly faults: Faults;
  readonly sender: Sender;
  readonly delivery: Delivery;
  /** Ranges of a divided backfill that it has taken. */
  readonly fills = new Set<FillPart>();
  readonly #surroundings: Surroundings;
  readonly #lanes = new Map<Lane, Promise<void>>();
  readonly #connections: Connection[] = [];
  #hanging: ChangePoint[] = [];
  /** It has sent something long after it had made sure that it may. */
  #overslept = false;
  readonly site: SenderSite;

  private constructor(site: Omit<SenderSite, 'backend'>, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const network = withFaults(surroundings.engine);
    this.faults = network.faults;
    this.site = { ...site, backend: this.#gated(network.backend) };
    this.sender = new Sender(this.site);
    this.delivery = new Delivery(this.site);
  }

  static async start(site: Omit<SenderSite, 'backend'>, surroundings: Surroundings): Promise<SendingProcess> {
    const started = new SendingProcess(site, surroundings);
    for (const source of [started.sender.source, started.delivery.sender.source]) await started.#gateStatements(source);
    return started;
  }

  /** Its next request of that kind hangs on its way. */
  hang(point: ChangePoint): void {
    this.#hanging.push(point);
  }

  /** Time has passed: the database ends connections that have been in a transaction for too long. */
  tick(): void {
    for (const connection of this.#connections) connection.endAfter(LOCK_MS);
  }

  /** Ends its connections that are in a transaction. */
  cut(): void {
    for (const connection of this.#connections) connection.endAfter(-1);
  }

  /** Whether the promises hold where it is killed now: not for one that overslept, and has sent since. */
  get mayDie(): boolean {
    return !this.#overslept;
  }

  /** Starts work where that lane is idle. What becomes of it is for the outbox to tell. */
  begin(lane: Lane, work: () => Promise<unknown>): void {
    if (this.#lanes.has(lane)) return;
    const over = this.#surroundings.clock.owners.run(this, work).then(
      () => undefined,
      () => undefined,
    );
    this.#lanes.set(
      lane,
      over.then(() => {
        this.#lanes.delete(lane);
        if (this.#lanes.size === 0) this.#overslept = false;
      }),
    );
  }

  isBusy(lane?: Lane): boolean {
    return lane === undefined ? this.#lanes.size > 0 : this.#lanes.has(lane);
  }

  get isFilling(): boolean {
    return FILLING.some((lane) => this.isBusy(lane));
  }

  /** Resolves when nothing goes on by itself: every lane is over, at the gate, or waits for somebody else. */
  async quiet(): Promise<void> {
    // Statements of SQLite take no time; a lane that is not at the gate then waits for something else.
    const patience = this.sender.source instanceof LockedShards ? 60 : 14;
    const atRest = () => this.gate.waiting + this.#surroundings.clock.sleeping(this);
    let turn = 0;
    for (; turn < patience && atRest() < this.#lanes.size; turn += 1) {
      // Who waited for somebody else before most likely does so still.
      if (turn >= 10 && atRest() >= this.#lanes.size - this.#blocked) return;
      await new Promise((resolve) => (turn < 10 ? setImmediate(resolve) : setTimeout(resolve, 1)));
    }
    this.#blocked = Math.max(0, this.#lanes.size - atRest());
  }

  /** Lanes that waited for somebody else when it was last quiet. */
  #blocked = 0;

  /** Goes on until it stands before such a step, or its work is over, or so many steps were made. */
  async goUntil(step: string, most = 1_000): Promise<void> {
    await this.quiet();
    for (let steps = 0; steps < most && this.isBusy() && !this.gate.isBefore(step); steps += 1) {
      this.gate.letGo();
      await this.quiet();
      await this.#surroundings.wake(this);
    }
  }

  /** Goes on to the end of its work. */
  goOn(): Promise<void> {
    return this.goUntil('\0');
  }

  /** Waits for every lane to be over. */
  async over(): Promise<void> {
    while (this.isBusy()) {
      await Promise.race([...this.#lanes.values(), new Promise((resolve) => setTimeout(resolve, 1))]);
      await this.#surroundings.wake(this);
    }
  }

  /**
   * Ends it at whatever it was doing. Its connections end with it, what it has sent does not.
   * @param seen whether others can see that it is gone, as they can on the same machine
   */
  async kill(seen = true): Promise<void> {
    this.gate.kill();
    this.#surroundings.clock.end(this);
    for (const connection of this.#connections) connection.end();
    await this.over();
    if (seen || this.sender.source instanceof LockedShards) await this.#close();
  }

  /** Lets everything go, waits for what is under way, and ends it. */
  async end(): Promise<void> {
    this.gate.open();
    await this.over();
    await this.#close();
  }

  async #close(): Promise<void> {
    await this.sender.close();
    await this.delivery.sender.close();
  }

  #gated(backend: Backend): Backend {
    const { gate } = this;
    const ask = async <T>(call: () => Promise<T>): Promise<T> => {
      await gate.pass('question');
      const answer = await call();
      // It may find nobody.
      await gate.pass('answer');
      return answer;
    };
    const write = async <T>(point: ChangePoint, call: (hangs: boolean) => Promise<T>): Promise<T> => {
      const { clock } = this.#surroundings;
      const sureAt = clock.now;
      await gate.pass(`request: ${point}`);
      if (clock.now - sureAt > PAUSE_MS) this.#overslept = true;
      const hanging = this.#hanging.indexOf(point);
      if (hanging >= 0) {
        this.#hanging.splice(hanging, 1);
        this.#surroundings.post(() => call(true));
        await gate.pass('acceptance');
        throw new ScrypathError({
          code: 'BACKEND_TIMEOUT',
          happened: 'The engine did not answer in time (simulated).',
        });
      }
      const answer = await call(false);
      await gate.pass('acceptance');
      return answer;
    };
    const { indexes } = backend;
    const unseen = (options: { readonly batch?: string | undefined } | undefined) => ({ batch: options?.batch });
    return {
      ...backend,
      upsert: (index, documents, options) =>
        write('upsert', (hangs) => backend.upsert(index, documents, hangs ? unseen(options) : options)),
      remove: (index, keys, options) =>
        write('remove', (hangs) => backend.remove(index, keys, hangs ? unseen(options) : options)),
      outcomes: (...given) => ask(() => backend.outcomes(...given)),
      documents: {
        ...backend.documents,
        fetch: (...given) => ask(() => backend.documents.fetch(...given)),
        scan: async function* (...given) {
          await gate.pass('question');
          for await (const page of backend.documents.scan(...given)) {
            await gate.pass('answer');
            yield page;
          }
        },
      },
      indexes: {
        ...indexes,
        get: (...given) => ask(() => indexes.get(...given)),
        settings: (...given) => ask(() => indexes.settings(...given)),
        create: (...given) => write('create', () => indexes.create(...given)),
        apply: (...given) => write('apply', () => indexes.apply(...given)),
        drop: (...given) => write('drop', () => indexes.drop(...given)),
        // Its signal is the sender's, who does not wait for it where it hangs.
        swap: (left, right, options) => write('swap', (hangs) => indexes.swap(left, right, hangs ? {} : options)),
      },
    };
  }

  async #gateStatements(source: HoldSource): Promise<void> {
    const { clock, waits } = this.#surroundings;
    const gated = (runner: QueryRunner): QueryRunner => {
      const connection = new Connection(runner, this.gate, clock, waits);
      this.#connections.push(connection);
      return runner;
    };
    if (!(source instanceof LockedShards)) {
      gated(await source.aside('send'));
      return;
    }
    const open = source.dataSource.bind(source);
    const seen = new WeakSet<DataSource>();
    source.dataSource = async () => {
      const own = await open();
      if (seen.has(own)) return own;
      seen.add(own);
      const create = own.createQueryRunner.bind(own);
      own.createQueryRunner = (mode) => gated(create(mode));
      return own;
    };
    // Connecting takes its time, and is no step of a history.
    await source.dataSource();
  }
}
