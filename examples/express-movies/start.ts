import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { applicationOf } from './application.js';
import { fillCatalogue } from './catalogue/fill.js';
import { openSearch } from './search.js';

/** Serves until it is told to end; then requests, batch and connections come to their end, in this order. */
async function start(): Promise<void> {
  const scrypath = await openSearch();
  const films = await fillCatalogue(scrypath);
  const server = applicationOf(scrypath).listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  console.log(`${films} films: http://127.0.0.1:${port}/movies?q=godfahter`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      server.close(async () => {
        await scrypath.close();
        await scrypath.dataSource.destroy();
      });
    });
}

start().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
