import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';

interface Frame {
  readonly runner: QueryRunner;
  readonly outer: Frame | undefined;
}

const frames = new AsyncLocalStorage<Frame>();
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
}

function watchRunner(runner: QueryRunner): QueryRunner {
  if (watchedRunners.has(runner)) return runner;
  watchedRunners.add(runner);
  const startTransaction = runner.startTransaction.bind(runner);
  runner.startTransaction = (isolation) => {
    // Set in the caller's own synchronous stretch, so that it holds for all that the caller does next.
    frames.enterWith({ runner, outer: frames.getStore() });
    return startTransaction(isolation);
  };
  return runner;
}

const isOpen = (runner: QueryRunner) => runner.isTransactionActive && !runner.isReleased;

function insideTransaction(): boolean {
  for (let frame = frames.getStore(); frame !== undefined; frame = frame.outer) if (isOpen(frame.runner)) return true;
  return false;
}

/** Refuses to sync where the caller's transaction is still open: what it wrote may never be committed. */
export function refuseInTransaction(entity: string, index: string, manager: EntityManager | undefined): void {
  const given = manager?.queryRunner;
  const open = given ? isOpen(given) : manager === undefined && insideTransaction();
  if (!open) return;
  throw new ScrypathError({
    code: 'SYNC_IN_TRANSACTION',
    entity,
    index,
    happened: `A sync of ${entity} was asked for inside an open database transaction; nothing was sent.`,
    remedy: 'Call it after the transaction has committed.',
  });
}
