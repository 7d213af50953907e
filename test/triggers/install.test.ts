import { createHash } from 'node:crypto';
import { transformSync } from '@swc/core';
import type { MigrationInterface } from 'typeorm';
import { generateTriggersMigration } from '../../src/triggers/generate';
import { ensureTriggers, triggersMigration } from '../../src/triggers/install';
import { triggersOf } from '../../src/triggers/triggers-of';
import { checkTriggers, triggerProblems, verifyTriggers } from '../../src/triggers/verify';
import { onEveryDatabase } from '../stacks/stack';
import { FILMS } from './films';
import { type OpenedTables, openTables, rulesOf, takeRows } from './opened';

const CLEAN = { missing: [], changed: [], extra: [] };
const nothingWatched = { rulesOf: () => [], deepCascadesOf: () => [] };

onEveryDatabase('installing triggers', ({ database }) => {
  let opened: OpenedTables;
  beforeEach(async () => {
    opened = await openTables(database, FILMS);
  });
  afterEach(() => opened?.drop());

  const verified = () => verifyTriggers(opened.dataSource, opened.fanOut);
  const all = () =>
    triggersOf(opened.dataSource, opened.fanOut).triggers.map(({ name, table }) => `${name} on ${table}`);
  const insertIsSeen = async (id: number) => {
    await opened.dataSource.query(`INSERT INTO film (id, title) VALUES (${id}, 'New')`);
    return (await takeRows(opened.dataSource)).some(({ record_key: key }) => key === String(id));
  };
  const migrate = async (migration: new () => MigrationInterface) => {
    const { dataSource } = opened;
    dataSource.migrations.push(new migration());
    return dataSource.runMigrations();
  };

  it('the plan names each trigger once, within the limits of every database, and the same each time', () => {
    const names = triggersOf(opened.dataSource, opened.fanOut).triggers.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(15);
    expect(names.filter((name) => !/^scrypath_[a-z_]{1,54}$/.test(name))).toEqual([]);
    expect(triggersOf(opened.dataSource, rulesOf(opened.dataSource))).toEqual(
      triggersOf(opened.dataSource, opened.fanOut),
    );
  });

  it('never puts one on a table of the outbox', () => {
    const { dataSource, fanOut } = opened;
    const film = dataSource.getMetadata('Film');
    const greedy = { rulesOf: () => fanOut.rulesOf(film), deepCascadesOf: () => [] };
    const tables = new Set(triggersOf(dataSource, greedy).triggers.map(({ table }) => table));
    expect(tables.has('film')).toBe(true);
    expect([...tables].filter((table) => table.startsWith('scrypath_'))).toEqual([]);
  });

  it('a migration makes them, drops all of them on revert, and makes them again', async () => {
    expect((await verified()).missing).toEqual(all());
    expect(await insertIsSeen(1)).toBe(false);
    expect(await migrate(triggersMigration((dataSource) => rulesOf(dataSource)))).toHaveLength(1);
    expect(await verified()).toMatchObject(CLEAN);
    expect(await insertIsSeen(2)).toBe(true);
    await opened.dataSource.undoLastMigration();
    expect((await verified()).missing).toEqual(all());
    expect(await insertIsSeen(3)).toBe(false);
    await opened.dataSource.runMigrations();
    expect(await verified()).toMatchObject(CLEAN);
    expect(await insertIsSeen(4)).toBe(true);
  });

  it.each(['typescript', 'javascript'] as const)('a generated migration in %s does the same', async (language) => {
    const source = await generateTriggersMigration(opened.dataSource, opened.fanOut, {
      language,
      timestamp: 1767225600009,
    });
    const code = language === 'javascript' ? source : compiled(source);
    const made: { exports: Record<string, new () => MigrationInterface> } = { exports: {} };
    new Function('module', 'exports', code)(made, made.exports);
    expect(Object.keys(made.exports)).toEqual(['ScrypathTriggers1767225600009']);
    await migrate(made.exports.ScrypathTriggers1767225600009!);
    expect(await verified()).toMatchObject(CLEAN);
    expect(await insertIsSeen(1)).toBe(true);
    const runner = opened.dataSource.createQueryRunner();
    await new made.exports.ScrypathTriggers1767225600009!().up(runner);
    await runner.release();
    expect(await verified()).toMatchObject(CLEAN);
    await opened.dataSource.undoLastMigration();
    expect((await verified()).missing).toEqual(all());
    expect((await verified()).extra).toEqual([]);
  });

  it('a generated migration drops what no declaration asks for any more', async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    const source = await generateTriggersMigration(dataSource, nothingWatched, { language: 'javascript' });
    const made: { exports: Record<string, new () => MigrationInterface> } = { exports: {} };
    new Function('module', source)(made);
    await migrate(Object.values(made.exports)[0]!);
    expect((await verified()).missing).toEqual(all());
  });

  it('ensure makes what is missing, and does nothing the second time', async () => {
    const { dataSource, fanOut } = opened;
    expect(await ensureTriggers(dataSource, fanOut)).toEqual({ made: all(), dropped: [] });
    expect(await ensureTriggers(dataSource, fanOut)).toEqual({ made: [], dropped: [] });
    expect(triggerProblems(await verified())).toEqual([]);
  });

  it('ensure may be called by several at the same time', async () => {
    const { dataSource, fanOut } = opened;
    const times = database === 'sqlite' ? 1 : 4;
    const done = await Promise.all(Array.from({ length: times }, () => ensureTriggers(dataSource, fanOut)));
    expect(done.flatMap(({ made }) => made)).toEqual(all());
    expect(await verified()).toMatchObject(CLEAN);
  });

  it('a trigger that was dropped is reported as missing, and made again', async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    await dataSource.query(`DROP TRIGGER scrypath_film_update${database === 'postgres' ? ' ON film' : ''}`);
    expect(await verified()).toMatchObject({ ...CLEAN, missing: ['scrypath_film_update on film'] });
    expect(triggerProblems(await verified())).toHaveLength(1);
    await ensureTriggers(dataSource, fanOut);
    expect(await verified()).toMatchObject(CLEAN);
  });

  it('a start without them is refused, with each of them named', async () => {
    const { dataSource, fanOut } = opened;
    await expect(checkTriggers(dataSource, fanOut)).rejects.toMatchObject({
      code: 'TRIGGERS_MISSING',
      problems: all().map((trigger) => `${trigger}: it is not there.`),
    });
    await ensureTriggers(dataSource, fanOut);
    expect(await checkTriggers(dataSource, fanOut)).toMatchObject(CLEAN);
  });

  it('a trigger with another text is reported as changed, and made again', async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    const { up } = triggersOf(dataSource, fanOut).triggers.find(({ name }) => name === 'scrypath_film_update')!;
    for (const statement of up) await dataSource.query(statement.replace(/'Film'/g, "'Films'"));
    expect(await verified()).toMatchObject({ ...CLEAN, changed: ['scrypath_film_update on film'] });
    expect(triggerProblems(await verified())).toHaveLength(1);
    expect(await ensureTriggers(dataSource, fanOut)).toMatchObject({ made: ['scrypath_film_update on film'] });
    expect(await verified()).toMatchObject(CLEAN);
  });

  it('a trigger of the right text at another moment is reported as changed', async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    const { up } = triggersOf(dataSource, fanOut).triggers.find(({ name }) => name === 'scrypath_film_insert')!;
    const swapped: Record<typeof database, [from: RegExp, to: string]> = {
      postgres: [/AFTER INSERT (.*) REFERENCING/, 'AFTER UPDATE $1 REFERENCING'],
      mariadb: [/AFTER INSERT/, 'BEFORE INSERT'],
      sqlite: [/AFTER INSERT/, 'BEFORE INSERT'],
    };
    for (const statement of up) await dataSource.query(statement.replace(...swapped[database]));
    expect(await verified()).toMatchObject({ ...CLEAN, changed: ['scrypath_film_insert on film'] });
  });

  it('triggers that no declaration asks for are reported as extra, which is no problem, and dropped', async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    const report = await verifyTriggers(dataSource, nothingWatched);
    expect([...report.extra].sort()).toEqual([...all()].sort());
    expect(triggerProblems(report)).toEqual([]);
    expect((await ensureTriggers(dataSource, nothingWatched)).dropped).toHaveLength(all().length);
    expect((await verified()).missing).toEqual(all());
  });

  it("leaves others' triggers alone", async () => {
    const { dataSource, fanOut } = opened;
    const theirs = {
      postgres: [
        'CREATE FUNCTION scrypath_theirs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
        'CREATE TRIGGER scrypath_theirs AFTER INSERT ON film EXECUTE FUNCTION scrypath_theirs()',
      ],
      mariadb: ["CREATE TRIGGER scrypath_theirs AFTER INSERT ON film FOR EACH ROW SET @theirs = 'seen'"],
      sqlite: ['CREATE TRIGGER scrypath_theirs AFTER INSERT ON film BEGIN DELETE FROM genre WHERE id = -1; END'],
    };
    for (const sql of theirs[database]) await dataSource.query(sql);
    await ensureTriggers(dataSource, fanOut);
    expect(await verified()).toMatchObject(CLEAN);
    expect((await ensureTriggers(dataSource, nothingWatched)).dropped).not.toContain('scrypath_theirs on film');
    await dataSource.query(`DROP TRIGGER scrypath_theirs${database === 'postgres' ? ' ON film' : ''}`);
  });

  it(`${database === 'sqlite' ? 'altering a table drops its triggers, and ensure makes them again' : 'altering a table keeps its triggers'}`, async () => {
    const { dataSource, fanOut } = opened;
    await ensureTriggers(dataSource, fanOut);
    await dataSource.query('ALTER TABLE film DROP COLUMN note');
    await dataSource.query('ALTER TABLE film RENAME COLUMN title TO heading');
    // TypeORM finds the differences, and on SQLite makes the table anew.
    await dataSource.synchronize();
    const lost = (await verified()).missing;
    expect(lost.length > 0).toBe(database === 'sqlite');
    await ensureTriggers(dataSource, fanOut);
    expect(await verified()).toMatchObject(CLEAN);
    expect(await insertIsSeen(1)).toBe(true);
  });

  it('warns of what the database does not tell a trigger', async () => {
    const { warnings } = await verified();
    if (database === 'mariadb') expect(warnings).toEqual([expect.stringContaining('TRUNCATE')]);
    else expect(warnings).toEqual([]);
  });
});

const compiled = (source: string): string =>
  transformSync(source, {
    filename: `${createHash('md5').update(source).digest('hex')}.ts`,
    configFile: false,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code;
