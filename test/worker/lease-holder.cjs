// A process that holds shards of a SQLite file until it is killed.
require('reflect-metadata');
require('../typescript.cjs');
const { DataSource } = require('typeorm');
const { libsqlDriver } = require('../../src/embedded/sqlite-driver');
const { attachOutbox } = require('../../src/outbox/attach');
const { LeasedShards } = require('../../src/worker/leased-shards');
const { timingOf } = require('../../src/worker/timing');

async function main() {
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    driver: libsqlDriver(),
    database: process.argv[2],
    entities: [],
  });
  await attachOutbox(dataSource, { shards: 16 });
  await dataSource.initialize();
  const source = new LeasedShards(dataSource, timingOf({ lockMs: 10_000, requestMs: 5_000, marginMs: 100 }));
  const held = await source.hold({ kind: 'due', entities: ['Film'], limit: 100, fewerShards: false });
  process.send({ rows: held.rows.length });
  setInterval(() => undefined, 1_000);
}

void main();
