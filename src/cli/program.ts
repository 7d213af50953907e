import { Command as Commander, Option } from 'commander';
import { CliError } from './cli-error.js';
import type { ArgumentFacts, Command, OptionFacts } from './command.js';
import { COMMANDS } from './commands.js';
import { nearest } from './nearest.js';

/** Options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly json?: true;
  readonly yes?: true;
  readonly quiet?: true;
  readonly color: boolean;
  readonly debug?: true;
  readonly version?: true;
}

export const GLOBAL_OPTIONS: readonly OptionFacts[] = [
  { flags: '-c, --config <file>', about: 'the configuration; default: scrypath.config.* here or in a folder above' },
  { flags: '--json', about: 'print what the verb returns, as JSON, and nothing else on stdout' },
  { flags: '-y, --yes', about: 'do what is asked about without asking' },
  { flags: '-q, --quiet', about: 'say nothing of progress' },
  { flags: '--no-color', about: 'no colour; the variables NO_COLOR and FORCE_COLOR are heeded too' },
  { flags: '--debug', about: 'show where an error comes from' },
];

const ENTITY: ArgumentFacts = { name: 'entity', required: false, about: 'name of the entity' };

export const argumentsOf = ({ entity, args = [] }: Command): readonly ArgumentFacts[] => [
  ...(entity === 'none' ? [] : [{ ...ENTITY, required: entity === 'required' }]),
  ...args,
];

/** Told of the command that was asked for. */
export type Chosen = (
  command: Command,
  args: Readonly<Record<string, string | undefined>>,
  options: object,
) => Promise<void>;

/** The commands as the command line understands them. */
export function programOf(
  chosen: Chosen,
  io: { readonly stdout: (text: string) => void; readonly columns: number },
): Commander {
  const program = new Commander('scrypath')
    .description('Looks after the search indexes of your entities: reports first, and does only what it is told.')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      // What is wrong is told as every other error is.
      writeErr: () => undefined,
      getOutHelpWidth: () => io.columns,
    })
    .addHelpText('after', '\nExit codes: 0 fine, 1 an error, 2 drift or failed work was found, 130 stopped by Ctrl-C.');
  for (const { flags, about } of GLOBAL_OPTIONS) program.option(flags, about);
  program.option('-V, --version', 'print the version; with --json that of its JSON too');
  program.helpOption('-h, --help', 'show help').helpCommand('help [command]', 'show help of a command');
  for (const command of COMMANDS) add(program, command, chosen);
  return program;
}

function add(program: Commander, command: Command, chosen: Chosen): void {
  const words = command.name.split(' ');
  const parent = words.length === 1 ? program : groupOf(program, words[0]!);
  const added = parent.command(words.at(-1)!).summary(command.summary).description(command.does);
  added.exitOverride().copyInheritedSettings(parent).allowExcessArguments(false);
  const names = argumentsOf(command);
  for (const { name, required, about } of names) added.argument(required ? `<${name}>` : `[${name}]`, about);
  for (const option of command.options ?? []) added.addOption(optionOf(option));
  added.action((...given: unknown[]) => {
    const args = Object.fromEntries(names.map(({ name }, at) => [name, given[at] as string | undefined]));
    return chosen(command, args, added.opts());
  });
}

const GROUPS: Readonly<Record<string, string>> = { settings: 'read, compare and apply the settings of an index' };

const groupOf = (program: Commander, name: string): Commander =>
  program.commands.find((known) => known.name() === name) ??
  program
    .command(name)
    .description(GROUPS[name]!)
    .exitOverride()
    .helpCommand(false)
    .copyInheritedSettings(program)
    .action((_, group: Commander) => {
      throw unknownCommand(group, group.args[0] ?? '');
    })
    .allowExcessArguments(true);

function optionOf({ flags, about, reads, least }: OptionFacts): Option {
  const option = new Option(flags, about);
  const name = option.long!;
  switch (reads) {
    case 'number':
      return option.argParser((text) => {
        const number = Number(text);
        if (text.trim() === '' || Number.isNaN(number))
          throw new CliError({
            code: 'USAGE',
            happened: `${name} was given ${JSON.stringify(text.slice(0, 80))}, which is no number.`,
            remedy: `Give a number: ${name} 100.`,
          });
        // A verb that reads pages of 0 rows would not come to an end, and the database's own refusal is about a statement.
        if (number < (least ?? 0) || (least !== undefined && !Number.isInteger(number)))
          throw new CliError({
            code: 'USAGE',
            happened: `${name} was given ${text.trim().slice(0, 80)}, which is ${least === undefined ? 'below 0' : `no whole number from ${least}`}.`,
            remedy: `Give ${least === undefined ? 'a number' : 'a whole number'} from ${least ?? 0}: ${name} 100.`,
          });
        return number;
      });
    case 'list':
      return option.argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        ...text.split(',').filter((item) => item !== ''),
      ]);
    case 'json':
      return option.argParser((text) => {
        try {
          return JSON.parse(text) as unknown;
        } catch {
          throw new CliError({
            code: 'USAGE',
            happened: `What ${name} was given is no JSON.`,
            remedy: `Quote it for your shell: ${name} '{"year":{"gte":1970}}'.`,
          });
        }
      });
    default:
      return option;
  }
}

/** What the command line has against what it was given, in the words of every other error, with what exists. */
export function usageError(error: unknown, program: Commander, args: readonly string[]): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || !code.startsWith('commander.')) return error;
  const command = commandIn(program, args);
  const said = String(message)
    .replace(/^error: /, '')
    .split('\n')[0]!
    .replace(/\s*\(.*\)\s*$/, '');
  const [, named] = /'([^']*)'/.exec(said) ?? [];
  if (code === 'commander.unknownCommand') return unknownCommand(command, named ?? '');
  const flags = [...command.options, ...(command === program ? [] : program.options)].map(({ long }) => long!);
  if (code === 'commander.unknownOption') return unknown('option', named!.split('=')[0]!, flags, usageOf(command));
  return new CliError({
    code: 'USAGE',
    happened: `${said[0]!.toUpperCase()}${said.slice(1).replace(/\.$/, '')}.`,
    remedy: usageOf(command),
  });
}

const usageOf = (command: Commander): string => `Usage: ${pathOf(command)} ${command.usage()}`;
const pathOf = (command: Commander): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

function unknownCommand(group: Commander, named: string): CliError {
  const names = group.commands.map((command) => command.name()).filter((name) => name !== 'help');
  if (named === '')
    return new CliError({
      code: 'USAGE',
      happened: `${pathOf(group)} was given no command.`,
      remedy: `Give one of them, or see ${pathOf(group)} --help.`,
      known: names,
    });
  return unknown('command', named, names, `See ${pathOf(group)} --help.`);
}

function unknown(what: string, named: string, known: readonly string[], remedy: string): CliError {
  const near = nearest(named, known);
  return new CliError({
    code: 'USAGE',
    happened: `There is no ${what} ${JSON.stringify(named.slice(0, 80))}.`,
    remedy: near === null ? remedy : `Did you mean ${near}?`,
    known,
  });
}

/** The command that the words lead to, as far as they do. */
function commandIn(program: Commander, args: readonly string[]): Commander {
  let command = program;
  for (const word of args) command = command.commands.find((known) => known.name() === word) ?? command;
  return command;
}
