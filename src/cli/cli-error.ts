/** Every way in which the CLI itself refuses or fails; what a verb refuses keeps its own code. */
export const CLI_CODES = Object.freeze([
  ...([
    'USAGE',
    'CONFIG_MISSING',
    'CONFIG_FAILED',
    'CONFIG_INVALID',
    'DATABASE_UNREACHABLE',
    'DATABASE_REFUSED',
  ] as const),
  ...([
    'DATABASE_FAILED',
    'TABLES_MISSING',
    'ENTITY_UNKNOWN',
    'WORK_UNKNOWN',
    'REBUILD_UNKNOWN',
    'REBUILD_STATE',
    'FILE_EXISTS',
  ] as const),
  ...(['FILE_FAILED', 'NOT_CONFIRMED', 'STOPPED', 'UNEXPECTED'] as const),
]);
export type CliCode = (typeof CLI_CODES)[number];

interface CliErrorFacts {
  readonly code: CliCode;
  /** One sentence. */
  readonly happened: string;
  /** One sentence. */
  readonly remedy: string;
  /** What exists, where something was named that does not. */
  readonly known?: readonly string[];
  readonly cause?: unknown;
}

/** What the CLI refuses before or beside the verbs. */
export class CliError extends Error {
  readonly code: CliCode;
  readonly happened: string;
  readonly remedy: string;
  readonly known: readonly string[];

  constructor({ code, happened, remedy, known = [], cause }: CliErrorFacts) {
    super(`${happened} ${remedy}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.happened = happened;
    this.remedy = remedy;
    this.known = known;
  }
}
