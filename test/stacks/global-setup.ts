import 'reflect-metadata';
import { type MeilisearchServer, meilisearchProgram, startMeilisearch } from './meilisearch-server';
import { ADDRESSES, probe, probeRedis, type Reachable, remember } from './reachable';

type WithServer = typeof globalThis & { __scrypathMeilisearch?: MeilisearchServer | null };

/** Finds out which databases and engines can be tested against, and starts a Meilisearch where a program is there. */
export default async function setUp(): Promise<void> {
  const [postgres, mariadb, redis] = await Promise.all([
    probe(ADDRESSES.postgres),
    probe(ADDRESSES.mariadb),
    probeRedis(),
  ]);
  remember({
    databases: { sqlite: { there: true, at: { url: null } }, postgres, mariadb },
    engines: { embedded: { there: true, at: null }, meilisearch: await findMeilisearch() },
    redis,
  });
}

async function findMeilisearch(): Promise<Reachable['engines']['meilisearch']> {
  const url = process.env.SCRYPATH_MEILISEARCH_URL;
  if (url) return { there: true, at: { url, apiKey: process.env.SCRYPATH_MEILISEARCH_KEY ?? '' } };
  if (meilisearchProgram() === null)
    return { there: false, reason: 'SCRYPATH_MEILISEARCH_URL is not set and no program meilisearch is on the PATH' };
  const server = await startMeilisearch();
  (globalThis as WithServer).__scrypathMeilisearch = server;
  return server
    ? { there: true, at: { url: server.url, apiKey: server.apiKey } }
    : { there: false, reason: 'the program meilisearch did not start' };
}

export const stopMeilisearch = async (): Promise<void> => {
  await (globalThis as WithServer).__scrypathMeilisearch?.stop();
};
