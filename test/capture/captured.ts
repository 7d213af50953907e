import type { DataSource } from 'typeorm';
import { captureIntoOutbox } from '../../src/capture/outbox-capture';
import type { UnresolvedWrite } from '../../src/capture/unresolved';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { attachOutbox } from '../../src/outbox/attach';
import type { CommittedMarks } from '../../src/outbox/commit-watch';
import { ensureOutbox } from '../../src/outbox/install';
import type { DatabaseName } from '../stacks/reachable';
import { openDatabase } from '../stacks/stack';
import { ENTITIES } from './entities';

/** A database whose writes are captured into its outbox. */
export interface Captured {
  readonly dataSource: DataSource;
  /** SQL statements sent so far. */
  readonly sql: string[];
  readonly committed: CommittedMarks[];
  readonly unresolved: UnresolvedWrite[];
  readonly warned: string[];
  stop(): void;
  drop(): Promise<void>;
  /** `Entity key` of each mark in the outbox, sorted. */
  marks(): Promise<string[]>;
  /** Forgets marks, statements and events. */
  forget(): Promise<void>;
}

export async function openCaptured(
  database: DatabaseName,
  entities: Parameters<typeof openDatabase>[1] = ENTITIES,
): Promise<Captured> {
  const sql: string[] = [];
  const committed: CommittedMarks[] = [];
  const unresolved: UnresolvedWrite[] = [];
  const warned: string[] = [];
  const { dataSource, drop } = await openDatabase(database, entities, sql);
  await attachOutbox(dataSource);
  await ensureOutbox(dataSource);
  const metadatas = new MetadataRegistry(dataSource, [], { prefix: null }).all();
  const { stop } = captureIntoOutbox(dataSource, {
    fanOut: fanOutOf(dataSource, metadatas),
    committed: (marks) => void committed.push(marks),
    unresolved: (write) => void unresolved.push(write),
    logger: { warn: (message) => void warned.push(message), error: (message) => void warned.push(message) },
  });
  return {
    dataSource,
    sql,
    committed,
    unresolved,
    warned,
    stop,
    drop,
    marks: async () => {
      const rows: { entity: string; record_key: string }[] = await dataSource.query(
        'SELECT entity, record_key FROM scrypath_outbox',
      );
      return rows.map(({ entity, record_key }) => `${entity} ${record_key}`).sort();
    },
    forget: async () => {
      await dataSource.query('DELETE FROM scrypath_outbox');
      for (const list of [sql, committed, unresolved, warned]) list.length = 0;
    },
  };
}
