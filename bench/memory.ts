import 'reflect-metadata';
import { fork } from 'node:child_process';
import { Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { DataSource, LessThanOrEqual } from 'typeorm';
import { dataSourceOptions } from '../ormconfig.js';
import { runBackfill } from '../src/backfill/backfill.js';
import { MemoryFillLog } from '../src/backfill/fill-state.js';
import { projectionOf } from '../src/projection/projection.js';
import { City } from './cities.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { startSink } from './sink.js';

const MANY = 1_000_000;
const FEW = MANY / 10;
const OF = `a backfill of ${MANY} rows, PostgreSQL, into an HTTP server that takes everything`;

const MEMORY = `peak memory of ${OF} ÷ of ${FEW}`;
const PEAK = `peak memory of ${OF}`;
const TIME = `time of ${OF} ÷ 10 times that of ${FEW}`;

const AS_PROGRAM = '--backfill';

interface Run {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Whether many rows cost more memory, or more time each, than few. */
export async function memoryBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null) return [MEMORY, PEAK, TIME].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  const sink = await startSink();
  try {
    await dataSource.query(
      `INSERT INTO city (id, name, country, lat, lng)
       SELECT n, 'City of the number ' || n, 'C' || n % 200, n % 180 - 90, n % 360 - 180 FROM generate_series(1, ${MANY}) n`,
    );
    await dataSource.query('VACUUM ANALYZE');
    const { url } = dataSource.options as { readonly url: string };
    const few = await apart(url, sink.url, FEW);
    const many = await apart(url, sink.url, MANY);
    return [
      { name: MEMORY, value: many.megabytes / few.megabytes, unit: '', target: { op: '<=', value: 1.1 } },
      { name: PEAK, value: many.megabytes, unit: 'MB', target: { op: '<=', value: 250 } },
      { name: TIME, value: many.seconds / (few.seconds * 10), unit: '', target: { op: '<=', value: 1.1 } },
    ];
  } finally {
    sink.close();
    await drop();
  }
}

/** In a process of its own: what it takes at the most is the process's to tell. */
function apart(database: string, sink: string, rows: number): Promise<Run> {
  const child = fork(__filename, [AS_PROGRAM, database, sink, String(rows)]);
  return new Promise((resolve, reject) => {
    child.once('message', (run) => resolve(run as Run));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The backfill has ended with ${code}.`)));
  });
}

async function backfill(database: string, sink: string, rows: number): Promise<Run> {
  const dataSource = await new DataSource(dataSourceOptions(database, { entities: [City] })).initialize();
  const backend = meilisearch({ host: sink });
  const scrypath = new Scrypath({ dataSource, backend });
  const { metadata } = scrypath.for(City);
  const site = { backend, metadata, manager: dataSource.manager, projection: projectionOf(metadata) };
  const started = performance.now();
  await runBackfill(
    { ...site, log: new MemoryFillLog() },
    { index: metadata.indexName, where: { id: LessThanOrEqual(rows) } },
  );
  const seconds = (performance.now() - started) / 1_000;
  const megabytes = process.resourceUsage().maxRSS / 1_024;
  await scrypath.close();
  await dataSource.destroy();
  return { seconds, megabytes };
}

if (process.argv[2] === AS_PROGRAM) {
  const [database = '', sink = '', rows = ''] = process.argv.slice(3);
  void backfill(database, sink, Number(rows)).then((run) => process.send!(run, () => process.exit()));
}
