import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { GenerateOptions } from '../../index.js';
import { CliError } from '../cli-error.js';
import { type CommandRun, defineCommand, given, type OptionFacts, type Outcome } from '../command.js';
import { line } from '../parts.js';

interface Options {
  readonly out?: string;
  readonly javascript?: true;
  readonly timestamp?: number;
}

const OUT: OptionFacts = {
  flags: '-o, --out <path>',
  about: 'a file that is not there yet, or the folder for it; default: stdout',
};
const JAVASCRIPT: OptionFacts = { flags: '--javascript', about: 'CommonJS instead of TypeScript' };
const JSON_SHAPE = '`{ "file", "source" }`: the path, null where it went to stdout, and its text';

export const outboxMigration = defineCommand<Options>({
  name: 'migration:generate',
  summary: 'the migration that makes the tables of the outbox',
  does: 'Prints its source, or writes it to a file. It changes nothing in the database: run it with your others.',
  entity: 'none',
  options: [OUT, JAVASCRIPT],
  json: JSON_SHAPE,
  example: 'migration:generate --out src/migrations',
  run: (run) => {
    const source = run.scrypath.generateOutboxMigration(languageOf(run.options));
    return written(run, source);
  },
});

export const triggersMigration = defineCommand<Options>({
  name: 'triggers:generate',
  summary: 'the migration with every trigger that capture by triggers needs',
  does:
    'Prints its source, with the SQL of every trigger, or writes it to a file, to review and to commit. It changes nothing in the ' +
    'database.',
  entity: 'none',
  options: [
    OUT,
    JAVASCRIPT,
    { flags: '--timestamp <ms>', about: 'milliseconds since 1970, 13 digits; default now', reads: 'number' },
  ],
  json: JSON_SHAPE,
  example: 'triggers:generate --out src/migrations',
  run: async (run) => {
    const { timestamp } = run.options;
    const source = await run.scrypath.generateTriggersMigration({
      ...languageOf(run.options),
      ...given({ timestamp }),
    });
    return written(run, source);
  },
});

const languageOf = ({ javascript }: Options): GenerateOptions => ({
  language: javascript === undefined ? 'typescript' : 'javascript',
});

async function written({ cwd, options: { out, javascript } }: CommandRun<Options>, source: string): Promise<Outcome> {
  if (out === undefined) return { value: { file: null, source }, parts: [{ kind: 'source', text: source }] };
  const path = resolve(cwd, out);
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const file = isFolder ? join(path, `${nameOf(source)}.${javascript ? 'js' : 'ts'}`) : path;
  try {
    await writeFile(file, source, { flag: 'wx' });
  } catch (cause) {
    throw notWritten(out, cause);
  }
  return { value: { file, source }, parts: [line(`Written: ${file}. Run it with your other migrations.`, 'good')] };
}

/** As TypeORM names its files: the time, then what it is. */
function nameOf(source: string): string {
  const [, name, time] = /class (\w+?)(\d{13})\b/.exec(source) ?? [];
  return name === undefined ? 'scrypath' : `${time}-${name}`;
}

function notWritten(out: string, cause: unknown): CliError {
  const { code } = cause as { code?: string };
  if (code === 'EEXIST')
    return new CliError({
      code: 'FILE_EXISTS',
      happened: `${JSON.stringify(out)} is there already, and was left as it is.`,
      remedy: 'Give another name, or remove it first.',
      cause,
    });
  return new CliError({
    code: 'FILE_FAILED',
    happened: `${JSON.stringify(out)} could not be written (${code ?? 'unknown'}).`,
    remedy: 'Check the path and its rights.',
    cause,
  });
}
