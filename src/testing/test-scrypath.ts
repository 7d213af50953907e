import type { DataSource } from 'typeorm';
import { embedded } from '../embedded/index.js';
import { type Backend, Scrypath, ScrypathError, type ScrypathOptions } from '../index.js';
import { isPlainObject, kindOf } from '../metadata/given.js';
import { type Faults, withFaults } from './faults.js';

export interface TestScrypathOptions extends Omit<ScrypathOptions, 'dataSource' | 'backend'> {
  /** Default: the embedded engine, in memory. */
  readonly backend?: Backend;
}

/** A started instance for tests, with controls. */
export interface TestScrypath {
  readonly scrypath: Scrypath;
  /** The backend, faults included. */
  readonly backend: Backend;
  readonly faults: Faults;
  /** Resolves when every sync begun so far is over and a search shows it. */
  drain(): Promise<void>;
  /** Takes back faults and empties every index. The database is left alone. */
  reset(): Promise<void>;
  /** Closes the instance and its engine; the DataSource stays open. */
  close(): Promise<void>;
}

/**
 * A started `Scrypath` for a test: on the embedded engine in memory, needing no server, and quiet. `close()` leaves no
 * open handle.
 * @example
 * const search = await createTestScrypath(dataSource, { capture: 'orm' });
 * await repository.save(movie);
 * await search.drain();
 * expect((await search.scrypath.for(Movie).search('odyssey')).hits).toHaveLength(1);
 * await search.close();
 */
export async function createTestScrypath(
  dataSource: DataSource,
  options: TestScrypathOptions = {},
): Promise<TestScrypath> {
  if (!isPlainObject(options as unknown))
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of createTestScrypath are ${kindOf(options)}; they are an object.`,
    });
  const { backend: engine = embedded(), ...rest } = options;
  const { backend, faults } = withFaults(engine);
  const scrypath = new Scrypath({ ...rest, dataSource, backend });
  const { indexes } = await scrypath.start();
  const drain = () => scrypath.drain();
  return {
    scrypath,
    backend,
    faults,
    drain,
    reset: async () => {
      await faults.clear();
      await drain();
      const dropped = await Promise.all(indexes.map(({ index }) => engine.indexes.drop(index)));
      await engine.outcomes(dropped, { waitMs: 30_000 });
      await scrypath.prepare();
    },
    close: () => scrypath.close(),
  };
}
