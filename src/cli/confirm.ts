import { CliError } from './cli-error.js';
import type { Surroundings } from './surroundings.js';

/**
 * Says what will happen, and asks. Without a terminal nobody can answer, and silence is no yes.
 * @throws CliError `NOT_CONFIRMED`
 */
export async function confirm(
  { stdin, stderr }: Pick<Surroundings, 'stdin' | 'stderr'>,
  will: readonly string[],
  { yes, signal }: { readonly yes: boolean; readonly signal: AbortSignal },
): Promise<void> {
  for (const sentence of will) stderr.write(`${sentence}\n`);
  if (yes) return;
  if (!stdin.isTTY || !stderr.isTTY)
    throw new CliError({
      code: 'NOT_CONFIRMED',
      happened: 'Nothing was done: there is no terminal to ask whether it should be.',
      remedy: 'Give --yes to do it without being asked.',
    });
  const { createInterface } = await import('node:readline/promises');
  const question = createInterface({ input: stdin, output: stderr as NodeJS.WritableStream });
  try {
    // Without this a terminal that readline has put into raw mode keeps SIGINT to itself.
    question.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const answer = await question.question('Go on? [y/N] ', { signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    question.close();
  }
  throw new CliError({
    code: 'NOT_CONFIRMED',
    happened: 'Nothing was done: the answer was not yes.',
    remedy: 'Answer y, or give --yes.',
  });
}
