import { randomBytes } from 'node:crypto';
import { type Backend, Scrypath, type ScrypathOptions, type SearchService } from 'scrypath';
import { type Faults, withFaults } from 'scrypath/testing';
import type { DataSource, Repository } from 'typeorm';
import { Item } from '../backfill/entities';
import { insertAll, items } from '../backfill/filling';
import { openDatabase, openEngine, type Stack } from '../stacks/stack';

/** Nothing is lost on its way: a slow machine must not make it look so. */
const OUTBOX = { lockMs: 10_000, requestMs: 5_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };
/** What is lost on its way is known to be lost while a test waits. */
export const BRIEF = { ...OUTBOX, lockMs: 1_500, requestMs: 1_000 };

/** A database and an engine of one test, and an instance that works on them. */
export interface Place {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly faults: Faults;
  readonly scrypath: Scrypath;
  readonly items: SearchService<Item>;
  readonly repository: Repository<Item>;
  readonly prefix: string;
  /** Statements of the application's connections. */
  readonly sql: string[];
  /** Another process's instance, on the same database and engine. */
  another(): Promise<Scrypath>;
  /** Runs writes, and waits until they are in every index that is written. */
  written(write: () => Promise<unknown>): Promise<void>;
  /** Waits until nothing waits to be sent, or for its outcome. */
  settled(): Promise<void>;
  /** When the index behind the name was created. */
  created(index?: string): Promise<string | undefined>;
  /** Keys and names of the documents. */
  documents(index?: string): Promise<Readonly<Record<string, unknown>>>;
  /** The same, of the rows that belong in the index. */
  rows(): Promise<Readonly<Record<string, unknown>>>;
}

export interface Given {
  readonly rows?: number;
  /** Whether the live index is filled. */
  readonly filled?: boolean;
  readonly prefix?: string;
  readonly backend?: Backend;
  readonly options?: Partial<ScrypathOptions>;
}

export const QUIET = { warn: () => undefined, error: () => undefined };

type Where = Pick<Stack, 'database' | 'engine'>;

/** Gives each test places of its own, and takes them down behind it. */
export function placesOn(where: Where): (given?: Given) => Promise<Place> {
  const opened: (Place & { close(): Promise<void> })[] = [];
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const place of opened.splice(0)) await place.close();
  });
  return async (given) => {
    const place = await openPlace(where, given);
    opened.push(place);
    return place;
  };
}

/** A place that somebody else closes. */
export async function openPlace(
  { database, engine }: Where,
  { rows = 300, filled = true, prefix = aPrefix(), options = {}, ...given }: Given = {},
): Promise<Place & { close(): Promise<void> }> {
  const others: Scrypath[] = [];
  const sql: string[] = [];
  const { dataSource, drop } = await openDatabase(database, [Item], sql);
  const { backend, faults } = withFaults(given.backend ?? openEngine(engine));
  const common = { dataSource, prefix, logger: QUIET, sync: { mode: 'queued' }, outbox: OUTBOX } as const;
  const scrypath = new Scrypath({ ...common, capture: 'orm', ...options, backend });
  const service = scrypath.for(Item);
  const repository = dataSource.getRepository(Item);
  await scrypath.start();
  if (rows > 0) await scrypath.withoutCapture('seed', () => insertAll(dataSource, Item, items(rows)));
  if (filled) await service.backfill();
  return {
    ...{ dataSource, backend, faults, scrypath, items: service, repository, prefix, sql },
    close: async () => {
      await faults.clear();
      for (const other of others) await other.close();
      for (const index of await namesOf(dataSource, service)) await backend.indexes.drop(index).catch(() => undefined);
      await scrypath.close();
      await drop();
    },
    another: async () => {
      // Closing it must not close the engine of both.
      const { close: _, ...shared } = backend;
      const other = new Scrypath({ ...common, ...options, capture: 'none', backend: shared });
      others.push(other);
      await other.start();
      return other;
    },
    written: async (write) => {
      const { token } = await scrypath.track(write);
      await scrypath.waitForCompletion(token!);
    },
    settled: async () => {
      await until(async () => Number((await dataSource.query('SELECT COUNT(*) AS n FROM scrypath_outbox'))[0].n) === 0);
    },
    created: async (index = service.indexName) => (await backend.indexes.get(index))?.createdAt,
    documents: (index = service.indexName) => documentsIn(backend, index),
    rows: async () =>
      Object.fromEntries((await repository.findBy({ listed: true })).map(({ id, name }) => [String(id), name])),
  };
}

export const aPrefix = (): string => `t${randomBytes(5).toString('hex')}`;

export async function documentsIn(backend: Backend, index: string): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = {};
  for await (const page of backend.documents.scan(index)) for (const { key, data } of page) found[key] = data.name;
  return found;
}

/** The live index, and whatever stood beside it. */
async function namesOf(dataSource: DataSource, { indexName }: SearchService<Item>): Promise<readonly string[]> {
  const known = await dataSource.query('SELECT target FROM scrypath_rebuild').catch(() => []);
  return [indexName, ...(known as { target: string }[]).map(({ target }) => target)];
}

/** A place in the code where a test makes whoever comes by wait. */
export class Gate {
  #open: () => void = () => undefined;
  #reach: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  /** Resolves when the first has come. */
  readonly reached = new Promise<void>((resolve) => {
    this.#reach = resolve;
  });
  #passed = 0;

  /** Only the first has to wait. */
  async pass(): Promise<void> {
    this.#passed += 1;
    this.#reach();
    if (this.#passed === 1) await this.#opened;
  }

  open(): void {
    this.#open();
  }
}

type Write = (index: string, keys: readonly string[]) => Promise<void> | void;

/** Calls `before` ahead of each upsert; what it throws is what the engine answers. */
export function beforeUpserts({ backend }: Pick<Place, 'backend'>, before: Write): { restore(): void } {
  const { upsert } = backend;
  const spy = jest.spyOn(backend, 'upsert').mockImplementation(async (index, documents, options) => {
    await before(
      index,
      documents.map(({ key }) => key),
    );
    return upsert(index, documents, options);
  });
  return { restore: () => spy.mockRestore() };
}

export const isTarget = (index: string): boolean => index.includes('_rebuild_');

/** Looks until something holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
