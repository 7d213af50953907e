import { rawWritesOf } from '../../src/capture/raw-write';

it.each([
  ['UPDATE film SET a = 1', ['raw film']],
  ['update only "public"."film" as f set a = 1', ['raw film']],
  ['UPDATE `film` f JOIN `tag` t ON t.id = f.id SET f.a = 1', ['raw film', 'raw tag']],
  ['INSERT INTO film VALUES (1)', ['raw film']],
  ['INSERT IGNORE INTO "film" (a) SELECT b FROM tag', ['raw film']],
  ['insert or replace into film values (1)', ['raw film']],
  ['REPLACE INTO film VALUES (1)', ['raw film']],
  ['DELETE FROM film WHERE id = 1', ['raw film']],
  ['DELETE FROM film', ['raw film']],
  ['TRUNCATE TABLE film', ['clear film']],
  ['TRUNCATE film, tag CASCADE', ['clear film', 'clear tag']],
  ['MERGE INTO film USING tag ON true WHEN MATCHED THEN UPDATE SET a = 1', ['raw film']],
  ["COPY film FROM '/tmp/a'", ['raw film']],
  ['WITH a AS (DELETE FROM tag RETURNING id) UPDATE film SET a = 1', ['raw tag', 'raw film']],
  ['SELECT 1; DELETE FROM film', ['raw film']],
  ["SELECT 'DELETE FROM film'", []],
  ['SELECT 1 -- DELETE FROM film', []],
  ['SELECT 1 /* UPDATE film SET a = 1 */', []],
  ['SELECT * FROM film FOR UPDATE', []],
  ['SELECT * FROM film FOR UPDATE OF film; SELECT 1', []],
  ['SELECT * FROM film FOR NO KEY UPDATE', []],
  ['INSERT INTO tag (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2', ['raw tag']],
  ['INSERT INTO tag (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 2', ['raw tag']],
  ['ALTER TABLE film ADD FOREIGN KEY (a) REFERENCES tag (id) ON DELETE CASCADE ON UPDATE SET NULL', []],
  ['COPY film TO STDOUT', []],
  ["UPDATE tag SET name = 'it''s' WHERE name = 'UPDATE film SET x'", ['raw tag']],
])('%s', (sql, expected) => {
  const known = ['film', 'tag'];
  const writes = rawWritesOf(sql).filter(({ table }) => known.includes(table));
  expect([...new Set(writes.map(({ statement, table }) => `${statement} ${table}`))].sort()).toEqual(expected.sort());
});

it('looks at a long statement without going back and forth', () => {
  const sql = `INSERT INTO log (a) VALUES ${"('update '), ".repeat(20_000)}('delete from')`;
  const started = process.cpuUsage().user;
  expect(rawWritesOf(sql).map(({ table }) => table)).toEqual(['log']);
  expect(process.cpuUsage(undefined).user - started).toBeLessThan(2_000_000);
});
