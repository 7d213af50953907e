import type { Cell, Part, Tone } from './parts.js';

/** Turns the parts of a report into text. */
export type Layout = (parts: readonly Part[]) => string;

/** Gives a text its colour. */
export interface Painter {
  tone(text: string, tone: Tone | undefined): string;
  bold(text: string): string;
}

export const toneOf = (cell: Cell): Tone | undefined => {
  if (typeof cell !== 'object') return undefined;
  return 'unobserved' in cell ? 'careful' : cell.tone;
};

export function textOf(cell: Cell, number: (value: number) => string): string {
  if (typeof cell === 'number') return number(cell);
  if (typeof cell === 'string') return printable(cell);
  return 'unobserved' in cell ? `not observed: ${printable(cell.unobserved)}` : printable(cell.text);
}

/** On one line, without control characters: a document's text must not steer the terminal it is shown on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
