import type { DataSource } from 'typeorm';
import type { WriteBuilder } from './write-builder.js';

type Execute = (this: WriteBuilder) => Promise<unknown>;

/** Executes a builder; `execute` is what TypeORM does. */
export type ExecuteBuilder = (builder: WriteBuilder, execute: Execute) => Promise<unknown>;

const captures = new WeakMap<DataSource, ExecuteBuilder>();

/** What TypeORM's own `execute` was, by the prototype that it was replaced on; and for how many captures. */
const replaced = new Map<WriteBuilder, { readonly execute: Execute; captures: number }>();

/**
 * Hands every execution of the DataSource's four builders of writes to `execute`. Those of other DataSources go on as
 * before. The prototypes are taken from a builder of this DataSource: so they are those of the TypeORM that it uses.
 * @returns a function that ends it; the last one to end puts TypeORM's own methods back
 */
export function interceptBuilders(dataSource: DataSource, execute: ExecuteBuilder): () => void {
  captures.set(dataSource, execute);
  const prototypes = prototypesOf(dataSource);
  for (const prototype of prototypes) replaceOn(prototype);
  return () => {
    if (captures.get(dataSource) !== execute) return;
    captures.delete(dataSource);
    for (const prototype of prototypes) putBack(prototype);
  };
}

function prototypesOf(dataSource: DataSource): readonly WriteBuilder[] {
  const builder = dataSource.createQueryBuilder();
  const builders = [builder.insert(), builder.update(), builder.delete(), builder.softDelete()];
  return builders.map((each) => Object.getPrototypeOf(each) as WriteBuilder);
}

function replaceOn(prototype: WriteBuilder): void {
  const known = replaced.get(prototype);
  if (known !== undefined) {
    known.captures += 1;
    return;
  }
  const { execute } = prototype;
  replaced.set(prototype, { execute, captures: 1 });
  prototype.execute = function intercepted(this: WriteBuilder) {
    const capture = captures.get(this.dataSource);
    return capture === undefined ? execute.call(this) : capture(this, execute);
  };
}

function putBack(prototype: WriteBuilder): void {
  const known = replaced.get(prototype);
  if (known === undefined) return;
  known.captures -= 1;
  if (known.captures > 0) return;
  prototype.execute = known.execute;
  replaced.delete(prototype);
}
