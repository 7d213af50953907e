import type { DataSource } from 'typeorm';
import { migrationName } from './install.js';
import { triggersOf } from './triggers-of.js';
import { differenceFrom } from './verify.js';
import type { Rules } from './watched-table.js';

export interface GenerateOptions {
  readonly language?: 'typescript' | 'javascript';
  /** Milliseconds since 1970, 13 digits; default now. */
  readonly timestamp?: number;
}

/**
 * The source text of a migration with the SQL of every trigger in it, to review and to commit. It makes all of them anew,
 * so that it runs wherever the tables are; it drops those that the database of the DataSource has and no declaration asks
 * for; reverted, it drops all. On PostgreSQL the text names the schema that the DataSource works in.
 * @throws ScrypathError `OUTBOX_MISSING`, `KEY_INVALID`, `OPTION_INVALID`
 */
export async function generateTriggersMigration(
  dataSource: DataSource,
  fanOut: Rules,
  { language = 'typescript', timestamp = Date.now() }: GenerateOptions = {},
): Promise<string> {
  const plan = triggersOf(dataSource, fanOut);
  const queryRunner = dataSource.createQueryRunner('master');
  try {
    const { extra } = await differenceFrom(queryRunner, plan);
    const up = [...extra.flatMap(({ down }) => down), ...plan.triggers.flatMap((trigger) => trigger.up)];
    const down = plan.triggers.flatMap((trigger) => trigger.down);
    return migrationSource(migrationName(timestamp), up, down, plan.warnings, language);
  } finally {
    await queryRunner.release();
  }
}

function migrationSource(
  name: string,
  up: readonly string[],
  down: readonly string[],
  warnings: readonly string[],
  language: 'typescript' | 'javascript',
): string {
  const typed = language === 'typescript';
  const method = (of: 'up' | 'down', statements: readonly string[]) => [
    `  async ${of}(queryRunner${typed ? ': QueryRunner' : ''})${typed ? ': Promise<void>' : ''} {`,
    ...statements.map((statement) => `    await queryRunner.query(${templateOf(statement)});`),
    '  }',
  ];
  return [
    ...(typed ? [`import type { MigrationInterface, QueryRunner } from 'typeorm';`, ''] : []),
    ...warnings.map((warning) => `// ${warning}`),
    typed ? `export class ${name} implements MigrationInterface {` : `module.exports.${name} = class ${name} {`,
    `  ${typed ? 'readonly ' : ''}name = '${name}';`,
    '',
    ...method('up', up),
    '',
    ...method('down', down),
    typed ? '}' : '};',
    '',
  ].join('\n');
}

/** As a template literal, which may span lines. */
const templateOf = (statement: string): string => `\`${statement.replace(/[\\`]|\$\{/g, '\\$&')}\``;
