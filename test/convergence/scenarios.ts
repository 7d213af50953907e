import { append } from '../../src/outbox/append';
import { newToken } from '../../src/outbox/mark-id';
import type { SenderSite } from '../../src/worker/sender';
import type { DatabaseName } from '../stacks/reachable';
import { POISON } from './engine-room';
import { Book } from './library';
import { backfillIn, changeRebuildIn, helpIn, rebuildIn } from './rebuilding';
import type { SendingProcess } from './sending-process';
import { GRACE_MS, LATE_MS, LOCK_MS } from './times';
import { type Afterwards, type Ending, type World, worse } from './world';

/** A schedule that one rule of the sending is there for. */
export interface Scenario {
  readonly name: string;
  readonly databases: readonly DatabaseName[];
  /** What it has seen on its way is part of its ending. */
  readonly run: (world: World) => Promise<Ending | undefined>;
  /** What becomes of the rebuild that it leaves. */
  readonly afterwards?: Afterwards;
}

const EVERYWHERE: readonly DatabaseName[] = ['sqlite', 'postgres', 'mariadb'];
const ALL = { kind: 'due', limit: 100, fewerShards: false } as const;

const put = (world: World, code: string, title: string) =>
  world.dataSource.manager.save(Book, { code, title, year: 2000 });

const send = (process: SendingProcess, want: Parameters<SendingProcess['sender']['drain']>[0] = ALL) =>
  process.begin('send', () => process.sender.drain(want));

const settle = (process: SendingProcess) => process.begin('settle', () => process.sender.settler.settle(0));

/** Somebody brings everything that is due to the engine, and looks how it ended. */
async function sendAll(world: World): Promise<void> {
  const process = await world.process();
  send(process);
  await process.goOn();
  settle(process);
  await process.goOn();
  await process.end();
}

const rowIds = async (world: World, code: string): Promise<string[]> => {
  const rows: { id: string; record_key: string }[] = await world.dataSource.query(
    'SELECT id, record_key FROM scrypath_outbox',
  );
  return rows.flatMap(({ id, record_key }) => (record_key === code ? [id] : []));
};

/** Two keys that one lock guards. */
async function twoOfOneShard(world: World): Promise<readonly [string, string]> {
  const codes = ['a', 'b', 'c', 'd', 'e'];
  for (const code of codes) await put(world, code, `${code} 1`);
  const rows: { record_key: string; shard: number }[] = await world.dataSource.query(
    'SELECT record_key, shard FROM scrypath_outbox',
  );
  for (const one of rows)
    for (const other of rows)
      if (one.record_key < other.record_key && one.shard === other.shard) return [one.record_key, other.record_key];
  throw new Error('Five keys in four shards, and no two of them in one.');
}

const SENDING_SCENARIOS: readonly Scenario[] = [
  {
    name: 'two claim one key at the same time, and the slower one has read first',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const [slow, fast] = [await world.process(), await world.process()];
      // Both have looked before either of them says that it sends.
      for (const process of [slow, fast]) {
        send(process);
        await process.goUntil('unknown_until =');
      }
      await slow.goUntil('request');
      await put(world, 'a', 'two');
      await fast.goOn();
      settle(fast);
      await fast.goOn();
      await sendAll(world);
      await slow.goUntil('acceptance');
      await slow.kill();
    },
  },
  {
    name: 'a sender dies while its request is on its way',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const dying = await world.process();
      dying.hang('upsert');
      send(dying);
      await dying.goUntil('acceptance');
      await dying.kill();
      await put(world, 'a', 'two');
      await sendAll(world);
      await world.pass(LATE_MS);
    },
  },
  {
    name: 'a sender dies, and the next one takes another key of the shard first',
    databases: EVERYWHERE,
    run: async (world) => {
      const [key, other] = await twoOfOneShard(world);
      const dying = await world.process();
      dying.hang('upsert');
      send(dying, { kind: 'ids', ids: await rowIds(world, key) });
      await dying.goUntil('acceptance');
      await dying.kill();
      const next = await world.process();
      send(next, { kind: 'ids', ids: await rowIds(world, other) });
      await next.goOn();
      await put(world, key, 'two');
      await sendAll(world);
      await world.pass(LATE_MS);
    },
  },
  {
    name: 'an answer does not come, and the request arrives behind a newer one',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const process = await world.process();
      process.hang('upsert');
      send(process);
      await process.goOn();
      await put(world, 'a', 'two');
      await sendAll(world);
      await world.pass(LATE_MS);
    },
  },
  {
    name: 'an older row is tried again behind a newer one',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const process = await world.process();
      process.faults.fail('upsert');
      send(process);
      await process.goOn();
      await put(world, 'a', 'two');
      await sendAll(world);
    },
  },
  {
    name: 'a row with a smaller id is committed behind one with a greater id',
    databases: EVERYWHERE,
    run: async (world) => {
      const [early, late] = [newToken(), newToken()].sort();
      const { manager } = world.dataSource;
      await world.scrypath.withoutCapture('marked by hand', () => put(world, 'a', 'one'));
      await world.scrypath.withoutCapture('marked by hand', () => put(world, 'b', 'one'));
      await append(manager, [{ entity: 'Book', recordKey: 'b' }], 'write', late);
      await sendAll(world);
      await append(manager, [{ entity: 'Book', recordKey: 'a' }], 'write', early);
    },
  },
  {
    name: 'a frozen sender loses its shards, and sends what it has read',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const frozen = await world.process();
      send(frozen);
      await frozen.goUntil('request');
      await world.pass(LOCK_MS + GRACE_MS);
      await put(world, 'a', 'two');
      await sendAll(world);
      await frozen.goOn();
    },
  },
  {
    name: 'a frozen sender loses its shards, and what it sends hangs on its way',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const frozen = await world.process();
      frozen.hang('upsert');
      send(frozen);
      await frozen.goUntil('request');
      await world.pass(LOCK_MS + GRACE_MS);
      await put(world, 'a', 'two');
      await sendAll(world);
      await frozen.goOn();
      await sendAll(world);
      await world.pass(LATE_MS);
    },
  },
  {
    name: 'a batch becomes two tasks, and the second fails',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      await put(world, 'b', 'one');
      world.engine.splits = true;
      let calls = 0;
      world.engine.faults.failTask('upsert', { code: 'internal', kind: 'engine', when: () => ++calls === 2 });
      await sendAll(world);
    },
  },
  {
    name: 'what waits in the engine fails together, and nobody is told for whose sake',
    databases: EVERYWHERE,
    run: async (world) => {
      world.together = true;
      await world.engine.faults.clear();
      world.poisonForGood();
      await put(world, 'a', `${POISON} one`);
      await put(world, 'b', 'one');
      await sendAll(world);
      const both = [await world.process(), await world.process()];
      for (let round = 0; round < 3; round += 1) {
        for (const process of both) {
          send(process);
          await process.goOn();
        }
        for (const process of both) {
          settle(process);
          await process.goOn();
        }
        await world.pass(LOCK_MS);
      }
    },
  },
  {
    name: 'a key is marked under another spelling',
    databases: ['mariadb'],
    run: async (world) => {
      await put(world, 'abc', 'one');
      await sendAll(world);
      await world.dataSource.query(`UPDATE book SET title = 'two' WHERE code = 'ABC'`);
      await append(world.dataSource.manager, [{ entity: 'Book', recordKey: 'ABC' }], 'verb');
    },
  },
  {
    name: 'a sender of an older deployment is still there',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      const { metadata, projection } = world.work.documents.get('Book')!;
      const older = {
        metadata: { ...metadata, version: metadata.version - 1 },
        projection: {
          ...projection,
          eligible: projection.eligible,
          stored: (record: object) => ({ ...projection.stored(record), data: { title: 'as it was projected before' } }),
        },
      };
      const work = { ...world.work, documents: new Map([['Book', older]]) } as unknown as SenderSite['work'];
      const old = await world.process({ work });
      send(old);
      await old.goOn();
      settle(old);
      await old.goOn();
    },
  },
  {
    name: 'work begins inside of a transaction of the application that is then rolled back',
    databases: ['sqlite'],
    run: async (world) => {
      await put(world, 'a', 'one');
      await sendAll(world);
      const process = await world.process({}, { waits: false });
      process.gate.open();
      const rolledBack = world.dataSource.transaction(async (manager) => {
        await manager.save(Book, { code: 'a', title: 'never', year: 2000 });
        await append(manager, [{ entity: 'Book', recordKey: 'a' }], 'write');
        send(process);
        await process.quiet();
        settle(process);
        await process.quiet();
        throw new Error('no');
      });
      await rolledBack.catch(() => undefined);
      await process.over();
    },
  },
  {
    name: "the application's code fails in the middle of a batch",
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      let fails = true;
      const metadatas = world.work.documents;
      const documents = {
        get: (name: string) => metadatas.get(name),
        keys: () => metadatas.keys(),
        [Symbol.iterator]: () => {
          const isBatch = fails && process.sender.failures === 0 && inBatch();
          if (isBatch) fails = false;
          if (isBatch) throw new TypeError('A mistake.');
          return metadatas[Symbol.iterator]();
        },
      } as unknown as SenderSite['work']['documents'];
      const inBatch = () => new Error('where').stack!.includes('drainHeld');
      const process: SendingProcess = await world.process({ work: { ...world.work, documents } });
      process.gate.open();
      send(process);
      await process.over();
      await put(world, 'a', 'two');
      send(process);
      await process.over();
      settle(process);
      await process.over();
      // Others see what it has done, and it holds nothing.
      await put(world, 'b', 'one');
      await sendAll(world);
      const [{ n }] = await world.dataSource.query('SELECT COUNT(*) AS n FROM scrypath_outbox');
      if (Number(n) > 0) throw new Error(`${n} rows are out of reach.`);
    },
  },
];

/** An index with one document, and somebody who rebuilds it. */
async function rebuilder(world: World): Promise<SendingProcess> {
  await put(world, 'a', 'one');
  await sendAll(world);
  const process = await world.process();
  process.begin('rebuild', () => rebuildIn(process, {}));
  return process;
}

/** Where a rebuild has sent what was touched once more, and has not verified anything. */
async function goUntilVerifying(process: SendingProcess): Promise<void> {
  await process.goUntil(BEFORE_VERIFICATION);
  if (!process.gate.isBefore(BEFORE_VERIFICATION)) throw new Error('It has not come to stand before its verification.');
}

/** It asks what else is owed first. */
const BEFORE_VERIFICATION = 'SELECT record_key FROM';

const REBUILD_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a page of a rebuild is older than what was sent beside it',
    databases: EVERYWHERE,
    afterwards: 'resume',
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      await rebuilding.goUntil('request: upsert');
      await put(world, 'a', 'two');
      await sendAll(world);
      await goUntilVerifying(rebuilding);
      await sendAll(world);
      const seen = await world.lookBeside();
      await rebuilding.goOn();
      return seen;
    },
  },
  {
    name: 'a page of a rebuild is older than what is being sent beside it',
    databases: EVERYWHERE,
    afterwards: 'resume',
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      await rebuilding.goUntil('request: upsert');
      await put(world, 'a', 'two');
      const sending = await world.process();
      send(sending);
      await sending.goUntil('touched');
      await rebuilding.goUntil(BEFORE_VERIFICATION, 60);
      await sending.goOn();
      settle(sending);
      await sending.goOn();
      await goUntilVerifying(rebuilding);
      const seen = await world.lookBeside();
      await rebuilding.goOn();
      return seen;
    },
  },
  {
    name: 'a page of a backfill is older than what was sent beside it',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      await sendAll(world);
      const filling = await world.process();
      filling.begin('backfill', () => backfillIn(filling, 100));
      await filling.goUntil('request: upsert');
      await put(world, 'a', 'two');
      await sendAll(world);
      await filling.goOn();
    },
  },
  {
    name: 'whoever has a range of a backfill is silent, and goes on when somebody else has filled it',
    databases: EVERYWHERE,
    run: async (world) => {
      await put(world, 'a', 'one');
      await sendAll(world);
      const [filling, helping] = [await world.process(), await world.process()];
      filling.begin('backfill', () => backfillIn(filling, 100, true));
      for (let steps = 0; steps < 100 && !(await world.isDivided()); steps += 1) {
        filling.gate.letGo();
        await filling.quiet();
      }
      let wake: () => void = () => undefined;
      const asleep = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let hasRead = false;
      helping.begin('help', () =>
        helpIn(helping, () => {
          hasRead = true;
          return asleep;
        }),
      );
      for (let steps = 0; steps < 100 && !hasRead; steps += 1) {
        helping.gate.letGo();
        await helping.quiet();
      }
      helping.fills.clear();
      await put(world, 'a', 'two');
      await sendAll(world);
      await filling.goOn();
      wake();
      await helping.goOn();
    },
  },
  {
    name: 'the names are swapped while a batch has gone to one of them',
    databases: EVERYWHERE,
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      await rebuilding.goOn();
      await put(world, 'a', 'two');
      const sending = await world.process();
      send(sending);
      await sending.goUntil('request: upsert');
      await sending.goUntil('acceptance');
      await sending.goUntil('request: upsert');
      rebuilding.begin('rebuild', () => changeRebuildIn(rebuilding, 'rollback'));
      await rebuilding.goUntil('\0', 40);
      await sending.goOn();
      settle(sending);
      await sending.goOn();
      await rebuilding.goOn();
    },
  },
  {
    name: 'the task of the old index fails, and that is made the live one again',
    databases: EVERYWHERE,
    afterwards: 'rollback',
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      await rebuilding.goOn();
      await put(world, 'a', 'two');
      let calls = 0;
      world.engine.faults.failTask('upsert', { code: 'internal', kind: 'engine', when: () => ++calls === 2 });
      await sendAll(world);
    },
  },
  {
    name: 'somebody writes while the names are swapped',
    databases: EVERYWHERE,
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      await rebuilding.goUntil('request: swap');
      await put(world, 'a', 'two');
      await sendAll(world);
      await rebuilding.goOn();
    },
  },
  {
    name: 'the request that swaps the names is lost',
    databases: EVERYWHERE,
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      rebuilding.faults.drop('swap');
      await rebuilding.goOn();
      await put(world, 'a', 'two');
    },
  },
  {
    name: 'the request that swaps the names comes late',
    databases: EVERYWHERE,
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      rebuilding.hang('swap');
      await rebuilding.goOn();
      await world.pass(LATE_MS);
      await put(world, 'a', 'two');
    },
  },
  {
    name: 'whoever swaps the names dies, and the request is on its way',
    databases: EVERYWHERE,
    run: async (world) => {
      const rebuilding = await rebuilder(world);
      rebuilding.hang('swap');
      await rebuilding.goUntil('request: swap');
      await rebuilding.goUntil('acceptance');
      await rebuilding.kill();
      await put(world, 'a', 'two');
      await sendAll(world);
      await world.forgetTheDead();
    },
  },
];

export const SCENARIOS: readonly Scenario[] = [...SENDING_SCENARIOS, ...REBUILD_SCENARIOS];

/** Plays a scenario, lets everything end well, and tells what is wrong then. */
export async function play(world: World, scenario: Scenario): Promise<Ending> {
  await world.reset();
  const seen = await scenario.run(world);
  const ending = await world.conclude(scenario.afterwards);
  return seen ? worse(seen, ending) : ending;
}
