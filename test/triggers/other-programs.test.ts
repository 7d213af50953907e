import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { ensureTriggers } from '../../src/triggers/install';
import { onEveryDatabase } from '../stacks/stack';
import { FILMS } from './films';
import { type OpenedTables, openTables, rulesOf, takeRows, withOutbox } from './opened';
import { SEED } from './writes';

const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined;
const CLIENTS = { postgres: 'psql', mariadb: 'mariadb', sqlite: process.execPath } as const;

/** Another process, without TypeORM and without this package. */
const SQLITE_PROGRAM = `
const [, file, sql] = process.argv;
const Database = require('libsql');
const database = new Database(file);
database.pragma('foreign_keys = ON');
database.exec(sql);
database.close();`;

onEveryDatabase('triggers, on writes of another program', ({ database }) => {
  const client = CLIENTS[database];
  if (!isThere(client)) {
    it.skip(`skipped: there is no ${client}`, () => undefined);
    return;
  }
  let opened: OpenedTables;
  beforeAll(async () => {
    opened = database === 'sqlite' ? await openFile() : await openTables(database, FILMS);
    await ensureTriggers(opened.dataSource, opened.fanOut);
    for (const sql of SEED) await opened.dataSource.query(sql);
  });
  afterAll(() => opened?.drop());
  beforeEach(() => takeRows(opened.dataSource));

  async function openFile(): Promise<OpenedTables> {
    const directory = mkdtempSync(join(tmpdir(), 'scrypath-triggers-'));
    const options = dataSourceOptions(join(directory, 'films.sqlite'), { entities: FILMS, synchronize: true });
    const dataSource = await new DataSource(options).initialize();
    await withOutbox(dataSource);
    return {
      dataSource,
      fanOut: rulesOf(dataSource),
      drop: async () => {
        await dataSource.destroy();
        rmSync(directory, { recursive: true });
      },
    };
  }

  const program = (sql: string): void => {
    const { options, driver } = opened.dataSource;
    const url = new URL((options as unknown as { url?: string }).url ?? 'sqlite://');
    const run = {
      postgres: () => spawnSync(client, ['-v', 'ON_ERROR_STOP=1', '-q', url.href], { input: sql, encoding: 'utf8' }),
      mariadb: () =>
        spawnSync(
          client,
          ['-h', url.hostname, '-P', url.port, '-u', url.username, `--password=${url.password}`, url.pathname.slice(1)],
          { input: sql, encoding: 'utf8' },
        ),
      sqlite: () => spawnSync(client, ['-e', SQLITE_PROGRAM, driver.database!, sql], { encoding: 'utf8' }),
    };
    const { status, stderr } = run[database]();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  };
  const marks = async () =>
    (await takeRows(opened.dataSource)).map(({ entity, record_key: key }) => `${entity} ${key}`);

  it('its inserts, updates and deletes are seen', async () => {
    program(`INSERT INTO film (id, title) VALUES (6, 'Six'), (7, 'Seven');
      UPDATE film SET title = 'Other' WHERE id = 7;
      UPDATE genre SET name = 'sad' WHERE id = 1;`);
    expect(await marks()).toEqual(['Film 6', 'Film 7', 'Film 7', 'Film>genres 1']);
  });

  it('its cascades are seen', async () => {
    program('DELETE FROM studio WHERE id = 1; DELETE FROM person WHERE id = 3;');
    expect(new Set(await marks())).toEqual(new Set(['Film 1', 'Film 2', 'Film 3']));
  });

  it('what it rolls back leaves nothing', async () => {
    program("BEGIN; UPDATE film SET title = 'Never'; ROLLBACK;");
    expect(await marks()).toEqual([]);
  });

  if (database === 'postgres') {
    it('its COPY is seen', async () => {
      program('COPY film (id, title) FROM stdin WITH (FORMAT csv);\n101,One\n102,Two\n\\.\n');
      expect(await marks()).toEqual(['Film 101', 'Film 102']);
    });

    it('it needs no right to the outbox', async () => {
      const role = `scrypath_writer_${Date.now()}`;
      await opened.dataSource.query(`CREATE ROLE ${role}`);
      try {
        await opened.dataSource.query(`GRANT SELECT, INSERT, UPDATE ON film TO ${role}`);
        program(`SET ROLE ${role}; UPDATE film SET title = 'Theirs' WHERE id = 5;`);
        expect(await marks()).toEqual(['Film 5']);
        program(`SET ROLE ${role}; CREATE TEMP TABLE scrypath_outbox (id text, entity text, record_key text, cause text, created_at bigint);
          UPDATE film SET title = 'Theirs too' WHERE id = 5;`);
        expect(await marks()).toEqual(['Film 5']);
      } finally {
        await opened.dataSource.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });
  }
});
