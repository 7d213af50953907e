import { equal } from 'node:assert/strict';
import { Searchable } from 'scrypath';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { captureIntoOutbox } from '../src/capture/outbox-capture.js';
import { fanOutOf } from '../src/fan-out/fan-out.js';
import { MetadataRegistry } from '../src/metadata/metadata-registry.js';
import { attachOutbox } from '../src/outbox/attach.js';
import { ensureOutbox } from '../src/outbox/install.js';
import { contest } from './contest.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';

@Entity()
@Searchable()
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Searchable() @Column({ default: 0 }) year!: number;
}

const BULK = 10_000;
/** PostgreSQL takes 65,535 parameters in a statement. */
const CHUNK = 5000;

const SINGLE = 'PostgreSQL: save() of one record with capture ÷ without';
const MANY = 'PostgreSQL: save() of 10,000 records with capture ÷ without';
const UPDATE = 'PostgreSQL: update(id) with capture ÷ without';

/** What capture adds to a write. */
export async function captureBench(): Promise<readonly Outcome[]> {
  const captured = await openDatabase('PostgreSQL', [Book]);
  if (captured.dataSource === null) return [SINGLE, MANY, UPDATE].map((name) => ({ name, skipped: captured.reason }));
  const bare = await openDatabase('PostgreSQL', [Book]);
  if (bare.dataSource === null) throw new Error(bare.reason);
  try {
    const { stop } = await capture(captured.dataSource);
    const [single, update] = [
      await ratio(captured.dataSource, bare.dataSource, saveOne, { rounds: 400, warmUp: 50 }),
      await ratio(captured.dataSource, bare.dataSource, updateOne, { rounds: 400, warmUp: 50 }),
    ];
    const many = await ratio(captured.dataSource, bare.dataSource, saveMany, { rounds: 7, warmUp: 2 });
    stop();
    return [
      { name: SINGLE, value: single, unit: '×', target: { op: '<=', value: 1.25 } },
      { name: MANY, value: many, unit: '×', target: { op: '<=', value: 1.6 } },
      { name: UPDATE, value: update, unit: '×' },
    ];
  } finally {
    await captured.drop();
    await bare.drop();
  }
}

async function capture(dataSource: DataSource): Promise<{ stop(): void }> {
  await attachOutbox(dataSource);
  await ensureOutbox(dataSource);
  const metadatas = new MetadataRegistry(dataSource, [], { prefix: null }).all();
  let count = 0;
  const capturing = captureIntoOutbox(dataSource, {
    fanOut: fanOutOf(dataSource, metadatas),
    committed: (marks) => {
      count += marks.count;
    },
    logger: console,
  });
  await dataSource.getRepository(Book).save({ title: 'first' });
  equal(count, 1);
  return capturing;
}

type Write = (dataSource: DataSource, round: number) => Promise<unknown>;

const saveOne: Write = (dataSource, round) => dataSource.getRepository(Book).save({ title: `book ${round}` });
const updateOne: Write = (dataSource, round) =>
  dataSource.getRepository(Book).update(1 + (round % 100), { year: round });
const saveMany: Write = (dataSource) =>
  dataSource.getRepository(Book).save(
    Array.from({ length: BULK }, (_, at) => ({ title: `book ${at}` })),
    { chunk: CHUNK },
  );

async function ratio(
  captured: DataSource,
  bare: DataSource,
  write: Write,
  rounds: { readonly rounds: number; readonly warmUp: number },
): Promise<number> {
  const taken = await contest(
    { with: (round) => write(captured, round), without: (round) => write(bare, round) },
    rounds,
  );
  return taken.with / taken.without;
}
