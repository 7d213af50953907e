import { outboxMigration } from './install.js';

/** The source text of a migration file that makes the tables of an outbox with this number of shards. */
export function outboxMigrationSource(shards: number, language: 'typescript' | 'javascript'): string {
  const Migration = outboxMigration({ shards });
  const { name } = new Migration();
  const lines =
    language === 'typescript'
      ? [
          `import { outboxMigration } from 'scrypath';`,
          '',
          `export class ${name} extends outboxMigration({ shards: ${shards} }) {}`,
        ]
      : [
          `const { outboxMigration } = require('scrypath');`,
          '',
          `module.exports.${name} = class ${name} extends outboxMigration({ shards: ${shards} }) {};`,
        ];
  return `${lines.join('\n')}\n`;
}
