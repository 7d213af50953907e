import type { DataSource } from 'typeorm';

type Hook = () => void | Promise<void>;

const hooksOf = new WeakMap<DataSource, Set<Hook>>();

/**
 * Runs `hook` whenever the DataSource has built its metadata: at every `initialize()`, after the connection and before
 * `synchronize`; and now, where it is initialized. `setOptions` would do before the first time only, and it writes into
 * the options object of the caller, which another DataSource may share.
 * @returns a function that removes the hook
 */
export function whenMetadataIsBuilt(dataSource: DataSource, hook: Hook): { done: Promise<void>; stop: () => void } {
  let hooks = hooksOf.get(dataSource);
  if (hooks === undefined) {
    hooks = new Set();
    hooksOf.set(dataSource, hooks);
    const source = dataSource as unknown as { buildMetadatas(): Promise<void> };
    const buildMetadatas = source.buildMetadatas.bind(dataSource);
    source.buildMetadatas = async () => {
      await buildMetadatas();
      for (const each of hooksOf.get(dataSource) ?? []) await each();
    };
  }
  hooks.add(hook);
  return {
    done: dataSource.isInitialized ? Promise.resolve(hook()) : Promise.resolve(),
    stop: () => {
      hooks.delete(hook);
    },
  };
}
