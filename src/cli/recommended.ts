import { COMMANDS } from './commands.js';
import type { Part } from './parts.js';
import { shellWords } from './shell-words.js';

const NAMES = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!))].sort((a, b) => b.length - a.length);
const COMMAND = new RegExp(`\\bscrypath (?=(?:${NAMES.join('|')})(?![\\w-]))`, 'g');

/** Gives every command that a sentence recommends the configuration that this one was given. */
export const withConfig = (text: string, config: string | undefined): string =>
  config === undefined ? text : text.replace(COMMAND, () => `scrypath ${shellWords(['--config', config])} `);

/** The same in what a command shows: in its lines, and in the columns that are commands; never in what an index holds. */
export const partsWithConfig = (parts: readonly Part[], config: string | undefined): readonly Part[] =>
  parts.map((part) => {
    if (part.kind === 'line') return { ...part, text: withConfig(part.text, config) };
    if (part.kind !== 'table') return part;
    const column = part.columns.indexOf('Command');
    const rows = part.rows.map((row) =>
      row.map((cell, at) => (at === column && typeof cell === 'string' ? withConfig(cell, config) : cell)),
    );
    return { ...part, rows };
  });
