import fc from 'fast-check';
import { backfillIn, changeRebuildIn, helpIn, rebuildIn, VERBS, type Verb } from './rebuilding';
import type { ChangePoint, Lane, SendingProcess } from './sending-process';
import { AFTERWARDS, type Afterwards, type Ending, type World } from './world';
import { type TransactionStep, Writer } from './writer';
import { type Write, writes } from './writes';

const PROCESSES = 3;

/** Faults of the way to the engine: one process's. */
const NETWORK = ['fail', 'drop', 'timeOut', 'late', 'duplicate'] as const;
/** Faults inside the engine. */
const ENGINE = ['internal', 'disk', 'together', 'cancelTask', 'forgetTask', 'vanish'] as const;

const WRITES = ['upsert', 'remove'] as const;
/** Steps before which a process stands between two things that belong together. */
const MOMENTS = [
  ...(['request: swap', 'request: swap', 'request: upsert', 'request: remove', 'request: drop'] as const),
  ...(['acceptance', 'touched', 'fence', 'swap_until ='] as const),
] as const;

/** What a rebuild asks for besides. */
const CHANGES = ['swap', 'swap', 'create', 'apply', 'drop', 'upsert', 'remove'] as const;

/** What happens in a history, one thing after the other. */
export type Step =
  | { readonly does: 'write'; readonly writer: number; readonly write: Write }
  | { readonly does: 'transaction'; readonly writer: number; readonly step: TransactionStep }
  | { readonly does: 'send'; readonly process: number; readonly limit: number; readonly fewerShards: boolean }
  | { readonly does: 'settle' | 'adopt' | 'cut'; readonly process: number }
  | { readonly does: 'direct'; readonly process: number; readonly code: string; readonly inline: boolean }
  | { readonly does: 'go'; readonly process: number; readonly which: number; readonly times: number }
  | { readonly does: 'kill'; readonly process: number; readonly seen: boolean }
  | {
      readonly does: 'network';
      readonly process: number;
      readonly fault: (typeof NETWORK)[number];
      readonly point: ChangePoint;
    }
  | { readonly does: 'engine'; readonly fault: (typeof ENGINE)[number]; readonly point: ChangePoint }
  | {
      readonly does: 'rebuild';
      readonly process: number;
      readonly cutover: boolean;
      readonly keepOld: boolean;
      readonly batchSize: number;
      readonly partitions: number;
      readonly distribute: boolean;
    }
  | { readonly does: 'verb'; readonly process: number; readonly verb: Verb }
  | { readonly does: 'backfill'; readonly process: number; readonly batchSize: number; readonly distribute: boolean }
  | { readonly does: 'help'; readonly process: number }
  /** Everything that waits is sent, and its outcome asked for. */
  | { readonly does: 'work'; readonly process: number }
  | { readonly does: 'until'; readonly process: number; readonly step: (typeof MOMENTS)[number] }
  | { readonly does: 'slow'; readonly slow: boolean }
  | { readonly does: 'wait'; readonly ms: number };

const processes = fc.nat(PROCESSES - 1);
const writers = fc.nat(1);

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<unknown> };

const sending = (points: readonly ChangePoint[]): readonly Weighted[] => [
  { weight: 22, arbitrary: fc.record({ does: fc.constant('write'), writer: writers, write: writes }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('transaction'),
      writer: writers,
      step: fc.constantFrom<TransactionStep>('begin', 'begin', 'commit', 'commit', 'rollback'),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      does: fc.constant('send'),
      process: processes,
      limit: fc.constantFrom(1, 2, 100),
      fewerShards: fc.boolean(),
    }),
  },
  { weight: 9, arbitrary: fc.record({ does: fc.constantFrom('settle', 'adopt'), process: processes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('direct'),
      process: processes,
      code: fc.constantFrom('a', 'b', 'c'),
      inline: fc.boolean(),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      does: fc.constant('go'),
      process: processes,
      which: fc.nat(2),
      times: fc.constantFrom(1, 2, 4, 8, 20, 40),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('cut'), process: processes }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('kill'), process: processes, seen: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('network'),
      process: processes,
      fault: fc.constantFrom(...NETWORK),
      point: fc.constantFrom(...points),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('engine'),
      fault: fc.constantFrom(...ENGINE),
      point: fc.constantFrom(...points),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('slow'), slow: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('wait'), ms: fc.constantFrom(1, 30, 100, 400, 20_000) }) },
];

const rebuilding: readonly Weighted[] = [
  {
    weight: 10,
    arbitrary: fc.record({
      does: fc.constant('rebuild'),
      process: processes,
      cutover: fc.constantFrom(true, true, false),
      keepOld: fc.constantFrom(true, true, false),
      batchSize: fc.constantFrom(1, 2, 100),
      partitions: fc.constantFrom(1, 1, 2),
      distribute: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('verb'), process: processes, verb: fc.constantFrom(...VERBS) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('backfill'),
      process: processes,
      batchSize: fc.constantFrom(1, 2, 100),
      distribute: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('help'), process: processes }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('go'),
      process: processes,
      which: fc.nat(2),
      times: fc.constantFrom(40, 100, 300),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ does: fc.constant('until'), process: processes, step: fc.constantFrom(...MOMENTS) }),
  },
  { weight: 10, arbitrary: fc.record({ does: fc.constant('work'), process: processes }) },
];

const stepsOf = (weighted: readonly Weighted[], maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.oneof(...weighted) as fc.Arbitrary<Step>, { minLength: 10, maxLength, size: 'max' });

/** Writes, and the sending of them, with everything that goes wrong with that. */
export const histories = stepsOf(sending(WRITES), 70);

/** Steps, and what becomes of the rebuild that they leave. */
export interface RebuildHistory {
  readonly steps: readonly Step[];
  readonly afterwards: Afterwards;
  /** Whether who is at work on an index in the end dies of it. */
  readonly kills: boolean;
}

/** The same, while indexes are built beside the live one, filled, exchanged and dropped. */
export const rebuildHistories: fc.Arbitrary<RebuildHistory> = fc.record({
  steps: stepsOf([...sending(CHANGES), ...rebuilding], 90),
  afterwards: fc.constantFrom(...AFTERWARDS),
  kills: fc.boolean(),
});

/** Lets a history happen, and everything after it end well. */
export async function runHistory(world: World, history: readonly Step[], seesRawSql: boolean): Promise<Ending> {
  return runRebuildHistory(world, { steps: history, afterwards: 'leave', kills: false }, seesRawSql);
}

/** As {@link runHistory}, where indexes are exchanged. */
export async function runRebuildHistory(
  world: World,
  { steps, afterwards, kills }: RebuildHistory,
  seesRawSql: boolean,
): Promise<Ending> {
  await world.reset();
  const running = new History(world, seesRawSql);
  await running.begin();
  for (const step of steps) await running.take(step);
  await running.end();
  return world.conclude(afterwards, kills);
}

class History {
  readonly #world: World;
  readonly #writers: readonly Writer[];
  readonly #processes: SendingProcess[] = [];

  constructor(world: World, seesRawSql: boolean) {
    this.#world = world;
    // SQLite has one connection, and so one transaction at a time.
    const count = world.isSqlite ? 1 : 2;
    const context = { books: () => world.books, seesRawSql };
    this.#writers = Array.from({ length: count }, () => new Writer(world.dataSource, context));
  }

  async begin(): Promise<void> {
    for (let at = 0; at < PROCESSES; at += 1) this.#processes.push(await this.#world.process());
    const [writer] = this.#writers;
    for (const number of [1, 2] as const)
      for (const route of ['saveAuthor', 'saveTag'] as const)
        await writer!.write({ route, number, text: `${route} ${number}`, code: 'a', other: 'a', year: 2000 });
  }

  async end(): Promise<void> {
    for (const [at, writer] of this.#writers.entries()) void writer.end(at === 0 ? 'commit' : 'rollback');
    for (const [at, writer] of this.#writers.entries()) await writer.end(at === 0 ? 'commit' : 'rollback');
  }

  async take(step: Step): Promise<void> {
    await this.#world.pass(1);
    switch (step.does) {
      case 'write':
        return this.#writer(step.writer).write(step.write);
      case 'transaction':
        return this.#writer(step.writer).step(step.step);
      case 'wait':
        return this.#world.pass(step.ms);
      case 'slow':
        this.#world.engine.slow = step.slow;
        return;
      case 'engine':
        return this.#breakEngine(step);
      default:
        return this.#takeIn(this.#processes[step.process]!, step);
    }
  }

  #writer(at: number): Writer {
    return this.#writers[at % this.#writers.length]!;
  }

  async #takeIn(process: SendingProcess, step: Extract<Step, { process: number }>): Promise<void> {
    const { sender } = process;
    switch (step.does) {
      case 'send':
        return this.#begin(process, 'send', () => sender.drain({ kind: 'due', ...step }));
      case 'settle':
        return this.#begin(process, 'settle', () => sender.settler.settle(0));
      case 'adopt':
        return this.#begin(process, 'settle', () => sender.settler.adopt());
      case 'direct':
        return this.#begin(process, 'direct', () =>
          this.#world.markAndSend(process, step.code, step.inline ? 'inline' : 'manual'),
        );
      case 'rebuild': {
        const { does: _, process: __, ...options } = step;
        return this.#fill(process, 'rebuild', () => rebuildIn(process, options));
      }
      case 'verb':
        return this.#fill(process, 'rebuild', () => changeRebuildIn(process, step.verb));
      case 'backfill':
        return this.#fill(process, 'backfill', () => backfillIn(process, step.batchSize, step.distribute));
      case 'help':
        return this.#begin(process, 'help', () => helpIn(process));
      case 'work':
        await this.#begin(process, 'send', () => sender.drain({ kind: 'due', limit: 100, fewerShards: false }));
        await this.#go(process, { which: 0, times: 40 });
        await this.#begin(process, 'settle', () => sender.settler.settle(0));
        return this.#go(process, { which: 0, times: 20 });
      case 'until':
        return this.#go(process, { which: 0, times: 300, until: step.step });
      case 'go':
        return this.#go(process, step);
      case 'network':
        return this.#breakNetwork(process, step);
      case 'cut':
        process.cut();
        return process.quiet();
      case 'kill':
        if (!process.mayDie) return;
        await process.kill(step.seen);
        this.#processes[step.process] = await this.#world.process();
    }
  }

  async #begin(process: SendingProcess, lane: Lane, work: () => Promise<unknown>): Promise<void> {
    process.begin(lane, work);
    await process.quiet();
  }

  /** Whoever died at it is forgotten first, where nobody else is at work. */
  async #fill(process: SendingProcess, lane: Lane, work: () => Promise<void>): Promise<void> {
    if (!this.#world.isFilling) await this.#world.forgetTheDead();
    return this.#begin(process, lane, work);
  }

  async #go(
    process: SendingProcess,
    { which, times, until }: { readonly which: number; readonly times: number; readonly until?: string },
  ): Promise<void> {
    for (let time = 0; time < times && process.isBusy(); time += 1) {
      // From where it stands already it goes on to the next time.
      if (time > 0 && until !== undefined && process.gate.isBefore(until)) return;
      process.gate.letGo(which);
      await process.quiet();
      await this.#world.pass(1);
      await this.#world.wake(process);
      // It waits for somebody else.
      if (process.gate.waiting === 0) return;
    }
  }

  #breakNetwork(process: SendingProcess, { fault, point }: Extract<Step, { does: 'network' }>): void {
    if (fault === 'late') process.hang(point);
    // Two exchanges are none: that a request arrives once at most is what an exchange rests on.
    else if (fault !== 'duplicate' || point !== 'swap') process.faults[fault](point);
  }

  #breakEngine({ fault, point }: Extract<Step, { does: 'engine' }>): void {
    const { faults } = this.#world.engine;
    if (fault === 'internal') faults.failTask(point, { code: 'internal', kind: 'engine' });
    else if (fault === 'disk') faults.failTask(point, { code: 'no_space_left_on_device', kind: 'engine' });
    else if (fault === 'together') faults.failTask(point, { code: 'internal', kind: 'engine', together: true });
    else faults[fault](point);
  }
}
