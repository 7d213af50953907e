import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { dataSourceFor } from '../../ormconfig.js';
import { Director } from './catalogue/director.js';
import { Movie } from './catalogue/movie.js';

/** All that the application says of its index. Without the variables, database and engine are in the memory of the process. */
export async function openSearch(): Promise<Scrypath> {
  const { SCRYPATH_MEILISEARCH_URL: host, SCRYPATH_MEILISEARCH_KEY: apiKey } = process.env;
  const dataSource = dataSourceFor({ entities: [Movie, Director], entityPrefix: 'scrypath_api_', synchronize: true });
  const backend = host ? meilisearch({ host, apiKey: apiKey || undefined }) : embedded();
  const scrypath = new Scrypath({
    dataSource,
    backend,
    sync: { mode: 'queued' },
    capture: 'orm',
    prefix: 'scrypath_api',
  });
  await dataSource.initialize();
  await scrypath.start();
  await scrypath.worker().start();
  return scrypath;
}
