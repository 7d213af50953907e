import type { SearchService } from 'scrypath';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from '../../src/backend/backend';
import type { JsonObject } from '../../src/document/json';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { dialectOf } from '../../src/outbox/dialect';
import { projectionOf } from '../../src/projection/projection';
import { type VerifyOptions, verifyIndex } from '../../src/verify/verify-index';
import type { Difference, VerifyReport } from '../../src/verify/verify-report';
import type { ReadConnection, VerifySite, VerifyTiming } from '../../src/verify/verify-site';
import { backgroundRunner } from '../../src/worker/background-runner';
import type { Opened } from '../stacks/stack';

type EntityClass = new () => object;

/** Waits that let a test be short. */
export const SHORT: VerifyTiming = { pauseMs: 20, longestPauseMs: 50, patienceMs: 400 };

export interface Site extends VerifySite {
  /** Statements of its connections. */
  readonly sql: string[];
}

export interface SiteGiven {
  readonly outbox?: boolean;
  readonly timing?: Partial<VerifyTiming>;
  readonly backend?: Pick<Backend, 'documents'>;
}

/** What an instance with this prefix would make for an entity. */
export function siteOf(stack: Opened, entity: EntityClass, given: SiteGiven = {}): Site {
  const { dataSource, backend } = stack;
  const prefix = stack.for(entity).metadata.prefix;
  const metadatas = new MetadataRegistry(dataSource, [], { prefix }).all();
  const metadata = metadatas.find(({ target }) => target === entity)!;
  const dependencies = [...fanOutOf(dataSource, metadatas).dependencies.values()]
    .filter(({ owner }) => owner === metadata)
    .map(({ name }) => name);
  const sql: string[] = [];
  return {
    metadata,
    projection: projectionOf(metadata),
    backend: given.backend ?? backend,
    outbox: given.outbox ? { dependencies } : null,
    connect: () => connect(dataSource, sql),
    timing: { ...SHORT, ...given.timing },
    sql,
  };
}

async function connect(dataSource: DataSource, sql: string[]): Promise<ReadConnection> {
  const queryRunner =
    dialectOf(dataSource).family === 'sqlite'
      ? await backgroundRunner(dataSource, 5_000)
      : dataSource.createQueryRunner('master');
  const query = queryRunner.query.bind(queryRunner) as (...given: unknown[]) => Promise<unknown>;
  Object.assign(queryRunner, {
    query: (text: string, ...others: unknown[]) => {
      sql.push(text);
      return query(text, ...others);
    },
  } satisfies Partial<Record<keyof QueryRunner, unknown>>);
  return { queryRunner, end: () => queryRunner.release() };
}

export const verified = (stack: Opened, entity: EntityClass, options?: VerifyOptions): Promise<VerifyReport> =>
  verifyIndex(siteOf(stack, entity), options);

/** The keys of a report's differences, by kind. */
export function keysOf({ differences }: Pick<VerifyReport, 'differences'>): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  for (const { kind, key } of differences as readonly Difference[]) {
    keys[kind] ??= [];
    keys[kind].push(key);
  }
  for (const list of Object.values(keys)) list.sort();
  return keys;
}

/** Writes documents behind everybody's back. */
export async function writeDocuments(backend: Backend, index: string, documents: Record<string, JsonObject>) {
  const given = Object.entries(documents).map(([key, data]) => ({ key, data, source: 'fields' as const }));
  await ended(backend, await backend.upsert(index, given));
}

export const removeDocuments = async (backend: Backend, index: string, keys: readonly string[]) =>
  ended(backend, await backend.remove(index, keys));

export async function ended(backend: Backend, tasks: Parameters<Backend['outcomes']>[0]): Promise<void> {
  for (const { status, error } of await backend.outcomes(tasks, { waitMs: 60_000 }))
    if (status !== 'succeeded') throw new Error(`A task has ${status}: ${error?.message}`);
}

/** The document that the engine has for a record, as it may be changed and written back. */
export async function storedData<E extends object>(stack: Opened, service: SearchService<E>, key: string) {
  const [document] = await stack.backend.documents.fetch(service.indexName, [key]);
  return structuredClone(document!.data) as { [name: string]: unknown };
}
