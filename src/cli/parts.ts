import type { Observed } from '../index.js';

export type Tone = 'good' | 'bad' | 'careful' | 'quiet';

/** A value as it is shown. What was not observed is never shown as a number. */
export type Cell = string | number | { readonly text: string; readonly tone: Tone } | { readonly unobserved: string };

/** A piece of what a command shows to a person. */
export type Part =
  | { readonly kind: 'heading'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'line'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [label: string, value: Cell])[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  /** As it is, for what another program reads: the source of a migration. */
  | { readonly kind: 'source'; readonly text: string };

export const heading = (text: string, tone?: Tone): Part => ({ kind: 'heading', text, ...(tone && { tone }) });
export const line = (text: string, tone?: Tone): Part => ({ kind: 'line', text, ...(tone && { tone }) });
export const facts = (...given: readonly (readonly [string, Cell])[]): Part => ({ kind: 'facts', facts: given });
export const table = (columns: readonly string[], rows: readonly (readonly Cell[])[]): Part => ({
  kind: 'table',
  columns,
  rows,
});
export const toned = (text: string, tone: Tone): Cell => ({ text, tone });

/** A figure of a report. */
export const figure = <T>(observed: Observed<T>, show: (value: T) => Cell): Cell =>
  observed.observed ? show(observed.value) : { unobserved: observed.why };

/** A time span for a person: the two largest units. */
export function span(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** How long ago a moment was, in its largest unit. */
export function age(at: string, now: string): string {
  const milliseconds = Date.parse(now) - Date.parse(at);
  // The one is told to the second, the other by another clock.
  return milliseconds < 1_000 ? 'just now' : `${/^\d+ \w+/.exec(span(milliseconds))![0]} ago`;
}

/** A number for a person. */
export const counted = (count: number): string => count.toLocaleString('en-US');

/** `1 row`, `2 rows`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${counted(count)} ${count === 1 ? one : many}`;
