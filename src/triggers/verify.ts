import type { DataSource, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type InstalledTrigger, installedTriggers } from './installed.js';
import { nameOf, sameDefinition, type Trigger, type TriggerPlan } from './trigger.js';
import { triggersOf } from './triggers-of.js';
import type { Rules } from './watched-table.js';

/** How the triggers in the database differ from those that the declarations ask for. Each is named `trigger on table`. */
export interface TriggerReport {
  readonly missing: readonly string[];
  /** There, and another one: made for other declarations or by another version, altered by hand, or disabled. */
  readonly changed: readonly string[];
  /** Left over from a declaration that is gone. They mark what nobody reads, and slow down writes. */
  readonly extra: readonly string[];
  /** What this database changes without telling a trigger. No mistake; to be logged at the start. */
  readonly warnings: readonly string[];
}

export interface TriggerDifference {
  readonly missing: readonly Trigger[];
  readonly changed: readonly Trigger[];
  readonly extra: readonly InstalledTrigger[];
}

/**
 * Compares the triggers in the database with those that the declarations ask for. It reads the catalog, on the primary,
 * and changes nothing.
 * @throws ScrypathError `OUTBOX_MISSING`, `KEY_INVALID`, `OPTION_INVALID`
 */
export async function verifyTriggers(dataSource: DataSource, fanOut: Rules): Promise<TriggerReport> {
  const plan = triggersOf(dataSource, fanOut);
  const queryRunner = dataSource.createQueryRunner('master');
  try {
    const { missing, changed, extra } = await differenceFrom(queryRunner, plan);
    return {
      missing: missing.map(nameOf),
      changed: changed.map(nameOf),
      extra: extra.map(nameOf),
      warnings: plan.warnings,
    };
  } finally {
    await queryRunner.release();
  }
}

/** A report's mistakes as sentences, none where every write is seen. What is left over is no mistake. */
export const triggerProblems = ({ missing, changed }: TriggerReport): readonly string[] => [
  ...missing.map((trigger) => `${trigger}: it is not there.`),
  ...changed.map((trigger) => `${trigger}: it is not the one that the declarations ask for.`),
];

/**
 * Refuses a database that would not tell of every write.
 * @returns the report, for its warnings and for what is left over
 * @throws ScrypathError `TRIGGERS_MISSING`, with each trigger in `problems`; and as {@link verifyTriggers}
 */
export async function checkTriggers(dataSource: DataSource, fanOut: Rules): Promise<TriggerReport> {
  const report = await verifyTriggers(dataSource, fanOut);
  const problems = triggerProblems(report);
  if (problems.length === 0) return report;
  throw new ScrypathError({
    code: 'TRIGGERS_MISSING',
    happened: `The database lacks ${problems.length} of the triggers that capture needs:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    remedy: 'Generate their migration and run it.',
    problems,
  });
}

export async function differenceFrom(queryRunner: QueryRunner, { triggers }: TriggerPlan): Promise<TriggerDifference> {
  const installed = await installedTriggers(queryRunner);
  const of = (trigger: Trigger) => installed.find((other) => isSame(trigger, other));
  return {
    missing: triggers.filter((trigger) => of(trigger) === undefined),
    changed: triggers.filter((trigger) => {
      const there = of(trigger);
      return there !== undefined && !sameDefinition(there.definition, trigger.definition);
    }),
    extra: installed.filter((other) => !triggers.some((trigger) => isSame(trigger, other))),
  };
}

/** MySQL keeps a table's name in lower case on some systems. */
const isSame = (trigger: Trigger, installed: InstalledTrigger): boolean =>
  trigger.name === installed.name && trigger.table.split('.').at(-1)!.toLowerCase() === installed.table.toLowerCase();
