import fc from 'fast-check';
import type { Lane, SendingProcess } from './sending-process';
import type { Ending, World } from './world';
import { type TransactionStep, Writer } from './writer';
import { type Write, writes } from './writes';

const PROCESSES = 3;

/** Faults of the way to the engine: one process's. */
const NETWORK = ['fail', 'drop', 'timeOut', 'late', 'duplicate'] as const;
/** Faults inside the engine. */
const ENGINE = ['internal', 'disk', 'together', 'cancelTask', 'forgetTask', 'vanish'] as const;

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
      readonly removal: boolean;
    }
  | { readonly does: 'engine'; readonly fault: (typeof ENGINE)[number]; readonly removal: boolean }
  | { readonly does: 'slow'; readonly slow: boolean }
  | { readonly does: 'wait'; readonly ms: number };

const processes = fc.nat(PROCESSES - 1);
const writers = fc.nat(1);

const steps: fc.Arbitrary<Step> = fc.oneof(
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
      removal: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('engine'), fault: fc.constantFrom(...ENGINE), removal: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('slow'), slow: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('wait'), ms: fc.constantFrom(1, 30, 100, 400, 20_000) }) },
) as fc.Arbitrary<Step>;

export const histories: fc.Arbitrary<readonly Step[]> = fc.array(steps, { minLength: 10, maxLength: 70, size: 'max' });

/** Lets a history happen, and everything after it end well. */
export async function runHistory(world: World, history: readonly Step[], seesRawSql: boolean): Promise<Ending> {
  await world.reset();
  const running = new History(world, seesRawSql);
  await running.begin();
  for (const step of history) await running.take(step);
  await running.end();
  return world.conclude();
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

  async #go(
    process: SendingProcess,
    { which, times }: { readonly which: number; readonly times: number },
  ): Promise<void> {
    for (let time = 0; time < times && process.isBusy(); time += 1) {
      process.gate.letGo(which);
      await process.quiet();
      await this.#world.pass(1);
    }
  }

  #breakNetwork(process: SendingProcess, { fault, removal }: Extract<Step, { does: 'network' }>): void {
    const point = removal ? 'remove' : 'upsert';
    if (fault === 'late') process.hang(point);
    else process.faults[fault](point);
  }

  #breakEngine({ fault, removal }: Extract<Step, { does: 'engine' }>): void {
    const { faults } = this.#world.engine;
    const point = removal ? 'remove' : 'upsert';
    if (fault === 'internal') faults.failTask(point, { code: 'internal', kind: 'engine' });
    else if (fault === 'disk') faults.failTask(point, { code: 'no_space_left_on_device', kind: 'engine' });
    else if (fault === 'together') faults.failTask(point, { code: 'internal', kind: 'engine', together: true });
    else faults[fault](point);
  }
}
