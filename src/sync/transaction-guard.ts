import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

/** One transaction of a query runner, from its outermost start to its end. */
interface Transaction {
  readonly dataSource: DataSource;
  // A finished runner must be free to go, however long the context that it was started in lives on.
  readonly runner: WeakRef<QueryRunner>;
  ended: boolean;
}

interface Frame {
  readonly transaction: Transaction | null;
  readonly outer: Frame | undefined;
}

const frames = new AsyncLocalStorage<Frame | undefined>();
const watchedSources = new WeakSet<DataSource>();
const watchedRunners = new WeakSet<QueryRunner>();

/**
 * Remembers, for everything that is called after it, in which transaction it is, so that a verb called inside
 * `dataSource.transaction(...)` is recognized without being given the manager.
 */
export function watchTransactions(dataSource: DataSource): void {
  if (watchedSources.has(dataSource)) return;
  watchedSources.add(dataSource);
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => watchRunner(createQueryRunner(mode));
  const createEntityManager = dataSource.createEntityManager.bind(dataSource);
  dataSource.createEntityManager = (runner) => watchManager(createEntityManager(runner));
  watchManager(dataSource.manager);
}

/** What the caller does beside a manager's transaction is not inside it: its frame stays in the call. */
function watchManager<M extends EntityManager>(manager: M): M {
  const transaction = manager.transaction.bind(manager) as (...given: unknown[]) => Promise<unknown>;
  // A frame of its own: Node runs a callback with the store that is set already in the caller's context itself.
  const within = (...given: unknown[]) =>
    frames.run({ transaction: null, outer: openFrame() }, () => transaction(...given));
  manager.transaction = within as typeof manager.transaction;
  return manager;
}

function watchRunner(runner: QueryRunner): QueryRunner {
  if (watchedRunners.has(runner)) return runner;
  watchedRunners.add(runner);
  let current: Transaction | null = null;
  const start = runner.startTransaction.bind(runner);
  const endAfter = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } finally {
      // A savepoint's end, or a failed one, leaves the transaction open.
      if (current !== null && !isActive(runner)) {
        current.ended = true;
        current = null;
      }
    }
  };
  runner.startTransaction = (isolation) => {
    current ??= { dataSource: runner.dataSource, runner: new WeakRef(runner), ended: false };
    // Set in the caller's own synchronous stretch, so that it holds for all that the caller does next.
    frames.enterWith({ transaction: current, outer: openFrame() });
    return endAfter(start(isolation));
  };
  for (const end of ['commitTransaction', 'rollbackTransaction', 'release'] as const) {
    const original = runner[end].bind(runner);
    runner[end] = () => endAfter(original());
  }
  return runner;
}

const isActive = (runner: QueryRunner | undefined) => runner?.isTransactionActive === true && !runner.isReleased;

// After the commit its hooks still run, in which the transaction is not active any more.
const isOpen = ({ ended, runner }: Transaction) => !ended && isActive(runner.deref());

/** The innermost frame around the caller whose transaction has not ended. */
function openFrame(): Frame | undefined {
  let frame = frames.getStore();
  while (frame !== undefined && (frame.transaction === null || !isOpen(frame.transaction))) frame = frame.outer;
  return frame;
}

function isInsideTransaction(dataSource: DataSource): boolean {
  for (let frame = openFrame(); frame !== undefined; frame = frame.outer) {
    const { transaction } = frame;
    if (transaction !== null && transaction.dataSource === dataSource && isOpen(transaction)) return true;
  }
  return false;
}

/** Whether the caller's transaction is open: the given manager's, or the one that the call is inside of. */
export function isInOpenTransaction(
  { manager }: { readonly manager: EntityManager },
  call: { readonly manager: EntityManager | undefined },
): boolean {
  const given = call.manager?.queryRunner;
  return given ? isActive(given) : isInsideTransaction(manager.dataSource);
}

/** Refuses to sync where the caller's transaction is still open: what it wrote may never be committed. */
export function refuseInTransaction(
  { manager, metadata }: { readonly manager: EntityManager; readonly metadata: SearchMetadata },
  call: { readonly manager: EntityManager | undefined; readonly index: string },
): void {
  if (!isInOpenTransaction({ manager }, call)) return;
  throw new ScrypathError({
    code: 'SYNC_IN_TRANSACTION',
    entity: metadata.entity,
    index: call.index,
    happened: `A sync of ${metadata.entity} was asked for inside an open database transaction; nothing was sent.`,
    remedy: 'Call it after the transaction has committed.',
  });
}
