import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { type MigrationInterface } from 'typeorm';
import * as scrypath from '../../src/index';
import { Thing } from '../operator/things';
import { openDatabase } from '../stacks/stack';

describe('the source of the migration of the outbox', () => {
  it('makes the tables with the shards of the instance, in TypeScript and in JavaScript, and drops them on revert', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Thing]);
    const instance = new Scrypath({ dataSource, backend: embedded(), outbox: { shards: 7 } });
    try {
      expect(instance.generateOutboxMigration()).toBe(
        `import { outboxMigration } from 'scrypath';\n\nexport class ScrypathOutbox1767225600000 extends outboxMigration({ shards: 7 }) {}\n`,
      );
      const exported: Record<string, new () => MigrationInterface> = {};
      new Function('require', 'module', instance.generateOutboxMigration({ language: 'javascript' }))(() => scrypath, {
        exports: exported,
      });
      const migration = new exported.ScrypathOutbox1767225600000!();
      expect(migration.name).toBe('ScrypathOutbox1767225600000');
      const queryRunner = dataSource.createQueryRunner();
      await migration.up(queryRunner);
      expect(await dataSource.query('SELECT count(*) AS n FROM scrypath_shard')).toEqual([{ n: 7 }]);
      await migration.down(queryRunner);
      await expect(dataSource.query('SELECT 1 FROM scrypath_shard')).rejects.toThrow('no such table');
      await queryRunner.release();
    } finally {
      await instance.close();
      await drop();
    }
  });

  it('is refused without an outbox', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Thing]);
    const instance = new Scrypath({ dataSource, backend: embedded() });
    expect(() => instance.generateOutboxMigration()).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    await instance.close();
    await drop();
  });
});
