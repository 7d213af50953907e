import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Rebuild, RebuildProgress, RebuildState } from 'scrypath';
import { DATABASES, type DatabaseName, reachable } from '../stacks/reachable';
import type { Death, KilledJob } from './killed-child';
import { openPlace, type Place, until } from './place';

const OUTBOX = { lockMs: 4_000, requestMs: 2_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };
const { engines, databases } = reachable();
const engine = engines.meilisearch;

interface Killed {
  readonly death: Death;
  /** What the database has of the rebuild then. */
  readonly left: RebuildState;
  readonly keepOld?: boolean;
  readonly rows?: number;
  /** What it comes to when it is gone on with. */
  readonly ends?: RebuildState;
  /** Whether the name leads to the new index already; where it may do so at any moment, nothing. */
  readonly isSwapped?: boolean;
  /** Whether it is waited for that the dead program counts as dead. */
  readonly waits?: boolean;
  readonly on?: readonly DatabaseName[];
}

const EVERYWHERE = ['postgres', 'mariadb'] as const;
const KILLED: readonly Killed[] = [
  { death: 'before the target gets its settings', left: 'creating', isSwapped: false },
  { death: 'before the first page', left: 'building', isSwapped: false },
  { death: 'at 60 % of the fill', left: 'building', rows: 5_000 },
  { death: 'before the replay', left: 'building', isSwapped: false },
  { death: 'in the replay', left: 'building', isSwapped: false },
  { death: 'in the verification', left: 'building', isSwapped: false },
  { death: 'before the swap is sent', left: 'swapping' },
  { death: 'when the swap was sent', left: 'swapping', waits: true, on: EVERYWHERE },
  { death: 'when the swap has ended', left: 'swapping', isSwapped: true },
  { death: 'when its outcome is written', left: 'kept', isSwapped: true },
  { death: 'before the old index is dropped', left: 'dropping', keepOld: false, ends: 'finished', isSwapped: true },
  { death: 'when the old index was dropped', left: 'dropping', keepOld: false, ends: 'finished', isSwapped: true },
  { death: 'when the swap back was sent', left: 'reverting', ends: 'rolled_back' },
];

/** Resolves with what the program said when it is gone. */
const dies = (
  job: KilledJob,
): Promise<{ readonly signal: NodeJS.Signals | null; readonly said: string; readonly pid: number }> =>
  new Promise((resolve) => {
    const loader = join(__dirname, '../typescript.cjs');
    const child = spawn(process.execPath, ['-r', loader, join(__dirname, 'killed-child.ts'), JSON.stringify(job)]);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('close', (_, signal) => resolve({ signal, said, pid: child.pid! }));
  });

/** Some at a time: each takes connections of its database, and its program compiles what it runs. */
const AT_A_TIME = 5;
let free = AT_A_TIME;
const waiting: (() => void)[] = [];
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free -= 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
}

/** A database with a worker and a writer, and a program beside them that rebuilds and is killed. */
async function beside(
  database: DatabaseName,
  { death, keepOld = true, rows = 600 }: Killed,
  then: (place: Place, died: { readonly before: string | undefined; readonly pid: number }) => Promise<void>,
): Promise<void> {
  const place = await openPlace({ database, engine: 'meilisearch' }, { rows, options: { outbox: OUTBOX } });
  const { scrypath, repository, prefix, dataSource, created } = place;
  const { url, apiKey } = (engine as { at: { url: string; apiKey: string } }).at;
  const { url: address } = dataSource.options as unknown as { url: string };
  const worker = scrypath.worker();
  await worker.start();
  const before = await created();
  let over = false;
  const writing = (async () => {
    for (let at = 0; !over; at += 1) {
      await repository.update((at * 37) % rows, { name: `written ${at}` });
      if (at % 10 === 0) await repository.delete((at * 7) % rows);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    const job = { database: address, engine: url, apiKey, prefix, outbox: OUTBOX, keepOld, death };
    const { signal, said, pid } = await dies(job);
    expect({ signal, said }).toMatchObject({ signal: 'SIGKILL' });
    await then(place, { before, pid });
  } finally {
    over = true;
    await writing;
    await place.settled();
    expect(await place.documents()).toEqual(await place.rows());
    await worker.stop();
    await place.close();
  }
}

async function goneOnWith(
  { items, created, dataSource }: Place,
  { left, ends = 'kept', isSwapped, death, rows: count, waits = false }: Killed,
  { before, pid }: { readonly before: string | undefined; readonly pid: number },
): Promise<void> {
  const found = (await items.rebuild())!;
  expect(found.state).toBe(left);
  if (isSwapped !== undefined) expect((await created()) === before).toBe(!isSwapped);
  await expect(items.reindex({ resume: true })).rejects.toMatchObject({
    code: 'REBUILD_RUNNING',
    message: expect.stringContaining(`:${pid} `),
  });
  // As if it had been dead for some seconds.
  if (!waits) await dataSource.query('UPDATE scrypath_rebuild SET seen_at = 0');
  const progress: RebuildProgress[] = [];
  let rebuild: Rebuild | undefined;
  await until(async () => {
    const going = items.reindex({ resume: true, onProgress: (step) => progress.push(step) });
    rebuild = await going.catch((error: { code?: string }) => {
      if (error.code === 'REBUILD_RUNNING') return undefined;
      throw error;
    });
    return rebuild !== undefined;
  });
  expect(rebuild!.id).toBe(found.id);
  expect(rebuild!.audit).toMatchObject({ state: ends, repaired: 0, problem: null, cutover: { happened: true } });
  if (death === 'at 60 % of the fill') {
    const read = progress.flatMap((step) => (step.step === 'fill' ? [step.read] : []));
    expect(Math.max(...read)).toBeGreaterThan(0);
    expect(Math.max(...read)).toBeLessThanOrEqual(count! * 0.45);
    expect(rebuild!.audit.documents).toBeGreaterThan(count! * 0.9);
  }
  expect((await created()) === before).toBe(ends === 'rolled_back');
  expect((await created(rebuild!.audit.target)) === before).toBe(ends === 'kept');
  if (ends !== 'kept') return expect(await created(rebuild!.audit.target)).toBeUndefined();
  await rebuild!.rollback();
  expect(await created()).toBe(before);
}

const scenarios = new Map<string, () => Promise<void>>();
const there = engine.there ? DATABASES.filter((name) => name !== 'sqlite' && databases[name].there) : [];
for (const database of there) {
  for (const killed of KILLED)
    if ((killed.on ?? ['postgres']).includes(database))
      scenarios.set(`${killed.death} can be gone on with [${database} · meilisearch]`, () =>
        beside(database, killed, (place, died) => goneOnWith(place, killed, died)),
      );
  const killed = { death: 'when the swap was sent', left: 'swapping' } as const;
  scenarios.set(`${killed.death} is settled by a worker where nobody goes on with it [${database} · meilisearch]`, () =>
    beside(database, killed, async ({ items, created, written, repository, documents }, { before }) => {
      const rebuild = (await items.rebuild())!;
      expect(rebuild.state).toBe('swapping');
      await until(async () => (await rebuild.refresh()).state !== 'swapping');
      expect(rebuild.audit).toMatchObject({
        state: 'kept',
        cutover: { happened: true },
        old: { kept: true, current: true },
      });
      await written(() => repository.save({ id: 1_000_000, name: 'written behind it' }));
      expect(await created(rebuild.audit.target)).toBe(before);
      expect((await documents())['1000000']).toBe('written behind it');
      expect((await documents(rebuild.audit.target))['1000000']).toBe('written behind it');
    }),
  );
}

(scenarios.size > 0 ? describe : describe.skip)('a reindex that is killed', () => {
  const running = new Map<string, Promise<void>>();
  // All at the same time: most of it is waiting for who is dead.
  beforeAll(() => {
    // Those first that wait longest.
    const waitsLong = (name: string) => /60 %|was sent/.test(name);
    const inOrder = [...scenarios].sort(([one], [other]) => Number(waitsLong(other)) - Number(waitsLong(one)));
    for (const [name, run] of inOrder) {
      const promise = inTurn(run);
      promise.catch(() => undefined);
      running.set(name, promise);
    }
  });
  it.each([...scenarios.keys()])('%s', (name) => running.get(name), 150_000);
});
