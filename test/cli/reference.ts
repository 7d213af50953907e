import type { Command as Commander } from 'commander';
import type { Command } from '../../src/cli/command';
import { COMMANDS } from '../../src/cli/commands';
import { argumentsOf, GLOBAL_OPTIONS, programOf } from '../../src/cli/program';

const BEGIN = '<!-- commands: written by npm run docs:cli -->';
const END = '<!-- end of the commands -->';

/** docs/cli.md with the part between its two marks made of the commands anew. */
export function withReference(document: string): string {
  const [before, rest] = split(document, BEGIN);
  const [, after] = split(rest, END);
  return `${before}${BEGIN}\n\n${reference()}\n${END}${after}`;
}

function split(text: string, mark: string): readonly [string, string] {
  const parts = text.split(mark);
  if (parts.length !== 2) throw new Error(`docs/cli.md has ${parts.length - 1} times "${mark}", not once.`);
  return [parts[0]!, parts[1]!];
}

/** Every command, from what the command line itself knows of it. */
function reference(): string {
  const program = programOf(async () => undefined, { stdout: () => undefined, columns: 100 });
  const sections = COMMANDS.map((command) => section(command, commanderOf(program, command)));
  return [summary(), globalOptions(), ...sections].join('\n');
}

const commanderOf = (program: Commander, { name }: Command): Commander =>
  name.split(' ').reduce((parent, word) => parent.commands.find((known) => known.name() === word)!, program);

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const anchor = (name: string): string => `#scrypath-${name.replaceAll(' ', '-').replaceAll(':', '')}`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function summary(): string {
  const rows = COMMANDS.map(({ name, summary: does, asks }) => [
    `[\`${name}\`](${anchor(name)})`,
    cell(does),
    asks ?? 'never',
  ]);
  return `## Commands\n\n${table(['command', 'what it does', 'asks'], rows)}\n`;
}

function globalOptions(): string {
  const rows = GLOBAL_OPTIONS.map(({ flags, about }) => [`\`${flags}\``, cell(about)]);
  return `Every command takes these options too:\n\n${table(['option', 'what it is'], rows)}\n`;
}

function section(command: Command, known: Commander): string {
  const { name, does, json, found, asks, example, options = [] } = command;
  const named = argumentsOf(command);
  const exits = [`0`, '1 for an error', ...(found === undefined ? [] : [`2 where ${found}`])];
  return [
    `### scrypath ${name}`,
    '',
    `\`scrypath ${name} ${known.usage()}\``,
    '',
    does,
    '',
    ...(named.length + options.length === 0
      ? []
      : [
          table(
            ['', 'what it is'],
            [
              ...named.map(({ name: argument, required, about }) => [
                `\`${required ? `<${argument}>` : `[${argument}]`}\``,
                cell(about),
              ]),
              ...options.map(({ flags, about }) => [`\`${flags}\``, cell(about)]),
            ],
          ),
          '',
        ]),
    `- Asks before it does something: ${asks ?? 'never'}.`,
    `- Exit code: ${exits.join('; ')}.`,
    `- \`--json\`: ${json}.`,
    '',
    '```sh',
    `scrypath ${example}`,
    '```',
    '',
  ].join('\n');
}
