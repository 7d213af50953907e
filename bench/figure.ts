/** One measured number; with a target it is `ok` or `short`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly op: '<=' | '>='; readonly value: number };
}

/** A figure that cannot be measured here, and why. */
export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

export type Outcome = Figure | Skipped;

export const isShort = (outcome: Outcome): boolean => {
  if ('skipped' in outcome || outcome.target === undefined) return false;
  const { value, target } = outcome;
  return target.op === '<=' ? value > target.value : value < target.value;
};

/** `name: value unit (target <= x) ok|short`, or `name: skipped (reason)`. */
export function lineOf(outcome: Outcome): string {
  if ('skipped' in outcome) return `${outcome.name}: skipped (${outcome.skipped})`;
  const { name, value, unit, target } = outcome;
  const measured = `${name}: ${shown(value)}${unit === '' ? '' : ` ${unit}`}`;
  if (target === undefined) return measured;
  return `${measured} (target ${target.op} ${shown(target.value)}) ${isShort(outcome) ? 'short' : 'ok'}`;
}

/** As many digits as a noisy machine can mean, and never so few that a figure just short looks as good as its target. */
const shown = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 3 });
