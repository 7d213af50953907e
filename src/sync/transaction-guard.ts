import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

interface Frame {
  // A finished runner must be free to go, however long the context that it was started in lives on.
  readonly runner: WeakRef<QueryRunner> | null;
  readonly outer: Frame | undefined;
}

const frames = new AsyncLocalStorage<Frame | undefined>();
const watchedSources = new WeakSet<DataSource>();
const watchedRunners = new WeakSet<QueryRunner>();

/**
 * Remembers, for everything that is called after it, which query runner a transaction was started on, so that a verb
 * called inside `dataSource.transaction(...)` is recognized without being given the manager.
 */
export function watchTransactions(dataSource: DataSource): void {
  if (watchedSources.has(dataSource)) return;
  watchedSources.add(dataSource);
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => watchRunner(createQueryRunner(mode));
  // What the caller does beside the transaction is not inside it: its frame stays in the call.
  const { manager } = dataSource;
  const transaction = manager.transaction.bind(manager) as (...given: unknown[]) => Promise<unknown>;
  manager.transaction = ((...given: unknown[]) =>
    // A frame of its own: Node runs a callback with the store that is set already in the caller's context itself.
    frames.run({ runner: null, outer: openFrames()[0] }, () => transaction(...given))) as typeof manager.transaction;
}

function watchRunner(runner: QueryRunner): QueryRunner {
  if (watchedRunners.has(runner)) return runner;
  watchedRunners.add(runner);
  const startTransaction = runner.startTransaction.bind(runner);
  runner.startTransaction = (isolation) => {
    // Set in the caller's own synchronous stretch, so that it holds for all that the caller does next.
    frames.enterWith({ runner: new WeakRef(runner), outer: openFrames()[0] });
    return startTransaction(isolation);
  };
  return runner;
}

const isOpen = (runner: QueryRunner | undefined) => runner?.isTransactionActive === true && !runner.isReleased;

/** Frames around the caller whose transaction has not ended, the innermost first. */
function openFrames(): Frame[] {
  const open: Frame[] = [];
  for (let frame = frames.getStore(); frame !== undefined; frame = frame.outer)
    if (isOpen(frame.runner?.deref())) open.push(frame);
  return open;
}

const isInsideTransaction = (dataSource: DataSource) =>
  openFrames().some((frame) => frame.runner?.deref()?.dataSource === dataSource);

/** Refuses to sync where the caller's transaction is still open: what it wrote may never be committed. */
export function refuseInTransaction(
  { manager, metadata }: { readonly manager: EntityManager; readonly metadata: SearchMetadata },
  call: { readonly manager: EntityManager | undefined; readonly index: string },
): void {
  const given = call.manager?.queryRunner;
  const open = given ? isOpen(given) : isInsideTransaction(manager.dataSource);
  if (!open) return;
  throw new ScrypathError({
    code: 'SYNC_IN_TRANSACTION',
    entity: metadata.entity,
    index: call.index,
    happened: `A sync of ${metadata.entity} was asked for inside an open database transaction; nothing was sent.`,
    remedy: 'Call it after the transaction has committed.',
  });
}
