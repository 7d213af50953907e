import { setMaxListeners } from 'node:events';
import type { Scrypath, SearchService } from '../index.js';
import { CliError } from './cli-error.js';
import type { Command, CommandRun, Stopped } from './command.js';
import { confirm } from './confirm.js';
import { type Failure, failureOf, stackOf } from './failure.js';
import { JSON_VERSION, jsonOf } from './json.js';
import { nearest } from './nearest.js';
import type { OpenedConfig } from './open-config.js';
import { layoutFor } from './output.js';
import { line, type Part } from './parts.js';
import { type GlobalOptions, programOf, usageError } from './program.js';
import { progressOn } from './progress.js';
import { partsWithConfig, withConfig } from './recommended.js';
import { hider, secretsOfEnvironment } from './secrets.js';
import { shellWords } from './shell-words.js';
import type { ExitSignal, Surroundings } from './surroundings.js';

const EXIT_OF = { fine: 0, unobserved: 1, found: 2 } as const;
const EXIT_OF_SIGNAL: Readonly<Record<ExitSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Runs one command.
 * @param args the words behind `scrypath`
 * @returns the exit code: 0 fine, 1 an error, 2 drift or failed work was found, 130 and 143 stopped by SIGINT and SIGTERM
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, env } = surroundings;
  const secrets = new Set(secretsOfEnvironment(env));
  let code = 0;
  const program = programOf(
    async (command, named, options) => {
      code = await perform({ command, named, options }, program.opts<GlobalOptions>(), surroundings, secrets);
    },
    { stdout: (text) => void stdout.write(text), columns: stdout.columns ?? 100 },
  );
  try {
    if (asksForVersion(args)) return await printVersion(surroundings, args.includes('--json'));
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (isHelp(error)) return 0;
    await tellError(usageError(error, program, args), args, surroundings, secrets);
    return 1;
  }
}

/** An error that comes from outside of a command: its options are looked for in the words themselves. */
export function tellError(
  error: unknown,
  args: readonly string[],
  surroundings: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
  secrets: Iterable<string>,
): Promise<void> {
  const has = (flag: string) => args.includes(flag);
  const options = { color: !has('--no-color'), debug: has('--debug'), json: has('--json') };
  return tell(error, options, surroundings, secrets);
}

const isHelp = (error: unknown): boolean =>
  ['commander.help', 'commander.helpDisplayed'].includes(String((error as { code?: unknown }).code));

const asksForVersion = (args: readonly string[]): boolean =>
  args.some((arg) => arg === '--version' || arg === '-V') && args.every((arg) => arg.startsWith('-'));

async function printVersion({ stdout }: Surroundings, json: boolean): Promise<number> {
  const { createRequire } = await import('node:module');
  const { version } = createRequire(__filename)('../../package.json') as { version: string };
  stdout.write(json ? `${JSON.stringify({ version, json: JSON_VERSION })}\n` : `${version}\n`);
  return 0;
}

interface Asked {
  readonly command: Command;
  readonly named: Readonly<Record<string, string | undefined>>;
  readonly options: object;
}

async function perform(
  { command, named, options }: Asked,
  global: GlobalOptions,
  surroundings: Surroundings,
  secrets: Set<string>,
): Promise<number> {
  const stopping = new Stopping(surroundings);
  const { cwd, stdout } = surroundings;
  const layout = await layoutFor(surroundings, global);
  const progress = await progressOn(surroundings, { quiet: global.quiet === true });
  let opened: OpenedConfig | null = null;
  let run: CommandRun | null = null;
  let begun = command.asks === undefined;
  const show = (parts: readonly Part[]) =>
    void (parts.length > 0 && stdout.write(layout(partsWithConfig(parts, global.config))));
  try {
    opened = await surroundings.open(global.config, cwd, secrets);
    const { scrypath } = opened;
    const { signal } = stopping;
    run = {
      ...{ scrypath, args: named, options, signal, progress, cwd },
      say: (part) => void (global.json || show([part])),
      service: () => serviceOf(scrypath, named.entity),
      confirm: async (will) => {
        const sentences = will.map((sentence) => withConfig(sentence, global.config));
        await confirm(surroundings, sentences, { yes: global.yes === true, signal });
        begun = true;
      },
    };
    const outcome = await command.run(run);
    progress.end();
    if (global.json) stdout.write(`${jsonOf(outcome.value)}\n`);
    else show(outcome.parts);
    return EXIT_OF[outcome.state ?? 'fine'];
  } catch (error) {
    progress.end();
    const { received } = stopping;
    // What fails on the way out of a stop is part of it.
    if (received === null || (error instanceof CliError && error.code !== 'STOPPED')) {
      await tell(error, global, surroundings, secrets);
      return 1;
    }
    await tell(await stopped(command, begun ? run : null, received, global), global, surroundings, secrets);
    return EXIT_OF_SIGNAL[received];
  } finally {
    await opened?.close().catch(() => undefined);
    stopping.end();
  }
}

/** The first signal is handed to the verb, which leaves a state that one can go on from; the second ends the process. */
class Stopping {
  readonly #abort = new AbortController();
  readonly end: () => void;
  received: ExitSignal | null = null;

  constructor(surroundings: Surroundings) {
    // A verb listens once for each request under way, and Node would warn of a leak on stderr.
    setMaxListeners(0, this.#abort.signal);
    this.end = surroundings.onSignal((name) => {
      if (this.received !== null) return surroundings.exitNow(EXIT_OF_SIGNAL[name]);
      this.received = name;
      this.#abort.abort(new Error(name));
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}

async function stopped(
  command: Command,
  run: CommandRun | null,
  signal: ExitSignal,
  { config }: GlobalOptions,
): Promise<CliError> {
  const nothing: Stopped = { happened: 'Nothing was changed.', goesOn: null };
  const state = (run && (await command.stopped?.(run))) ?? nothing;
  const words = state.goesOn && ['scrypath', ...(config === undefined ? [] : ['--config', config]), ...state.goesOn];
  return new CliError({
    code: 'STOPPED',
    happened: `Stopped by ${signal}. ${state.happened}`,
    remedy: words === null ? 'Run it again.' : `It goes on with: ${shellWords(words)}`,
  });
}

function serviceOf(scrypath: Scrypath, entity: string | undefined): SearchService<object, unknown> {
  const services = scrypath.services();
  const found = services.find(({ metadata }) => metadata.entity === entity);
  if (found !== undefined) return found;
  const known = services.map(({ metadata }) => metadata.entity);
  const near = nearest(entity ?? '', known);
  throw new CliError({
    code: 'ENTITY_UNKNOWN',
    happened: `No entity ${JSON.stringify((entity ?? '').slice(0, 80))} has an index.`,
    remedy: near === null ? 'Name one that has.' : `Did you mean ${near}?`,
    known,
  });
}

/** An error: on stderr for a person, on stdout as JSON for a program. */
async function tell(
  error: unknown,
  {
    json,
    debug,
    color,
    config,
  }: { readonly json?: boolean; readonly debug?: boolean; readonly color: boolean; readonly config?: string },
  surroundings: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
  secrets: Iterable<string>,
): Promise<void> {
  const hide = hider(secrets);
  const told = failureOf(error, hide);
  const failure = { ...told, remedy: withConfig(told.remedy, config) };
  const { stdout, stderr, env } = surroundings;
  const layout = await layoutFor({ env, stdout: stderr }, { color });
  if (json) stdout.write(`${JSON.stringify({ error: failure })}\n`);
  else stderr.write(layout(partsOf(failure)));
  if (debug) stderr.write(layout(stackOf(error, hide).map((text) => line(text, 'quiet'))));
}

function partsOf({ code, happened, remedy, problems = [], keys = [], known = [] }: Failure): readonly Part[] {
  return [
    line(`${code}: ${happened}`, 'bad'),
    ...problems.map((problem) => line(`- ${problem}`)),
    ...(keys.length > 0 ? [line(`Keys: ${keys.slice(0, 20).join(', ')}${keys.length > 20 ? ', …' : ''}`)] : []),
    line(remedy),
    ...(known.length > 0 ? [line(`There are: ${known.join(', ')}`)] : []),
  ];
}
