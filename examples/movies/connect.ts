import { type Capture, Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import type { DataSource } from 'typeorm';
import { dataSourceFor } from '../../ormconfig.js';
import { Director } from './entities/director.js';
import { Distributor } from './entities/distributor.js';
import { Movie } from './entities/movie.js';

export interface Example {
  readonly dataSource: DataSource;
  readonly scrypath: Scrypath;
  /** Names the database and the engine. */
  readonly stack: string;
  close(): Promise<void>;
}

/**
 * Opens the database of `DATABASE_URL` and the engine of `SCRYPATH_MEILISEARCH_URL`. Without them both are in the memory of
 * this process. On a server, tables and index have names of their own and stay for the next run.
 */
export async function connect(): Promise<Example> {
  const {
    SCRYPATH_MEILISEARCH_URL: host,
    SCRYPATH_MEILISEARCH_KEY: apiKey,
    // Switched off by the test that wants to see the tour fail.
    SCRYPATH_EXAMPLE_CAPTURE: capture = 'orm',
  } = process.env;
  const entities = [Movie, Director, Distributor];
  const dataSource = dataSourceFor({ entities, entityPrefix: 'scrypath_example_', synchronize: true });
  const backend = host ? meilisearch({ host, apiKey: apiKey || undefined }) : embedded();
  const scrypath = new Scrypath({
    dataSource,
    backend,
    sync: { mode: 'queued' },
    capture: capture as Capture,
    prefix: 'scrypath_example',
  });
  await dataSource.initialize();
  return {
    dataSource,
    scrypath,
    stack: `${dataSource.options.type === 'better-sqlite3' ? 'sqlite' : dataSource.options.type} and ${backend.name}`,
    close: async () => {
      await scrypath.close();
      await dataSource.destroy();
    },
  };
}
