import type { Colors } from 'picocolors/types';
import type { Layout, Painter } from './layout.js';
import { plainLayout } from './plain-layout.js';
import type { Surroundings } from './surroundings.js';

/** Whether colours are wanted: by option and environment first, as `NO_COLOR` and `FORCE_COLOR` are understood everywhere. */
export function wantsColour(
  { env, stdout }: Pick<Surroundings, 'env' | 'stdout'>,
  { color }: { readonly color: boolean },
): boolean {
  if (!color || (env.NO_COLOR ?? '') !== '') return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stdout.isTTY === true && env.TERM !== 'dumb';
}

/** Aligned tables on a terminal; plain lines for a pipe. */
export async function layoutFor(
  surroundings: Pick<Surroundings, 'env' | 'stdout'>,
  options: { readonly color: boolean },
): Promise<Layout> {
  const { default: picocolors } = await import('picocolors');
  const paint = painter(picocolors.createColors(wantsColour(surroundings, options)));
  if (!surroundings.stdout.isTTY) return plainLayout(paint);
  const { terminalLayout } = await import('./terminal-layout.js');
  return terminalLayout(paint, surroundings.stdout.columns ?? 100);
}

export const painter = (colors: Colors): Painter => {
  const of = { good: colors.green, bad: colors.red, careful: colors.yellow, quiet: colors.dim } as const;
  return { tone: (text, tone) => (tone === undefined ? text : of[tone](text)), bold: colors.bold };
};
