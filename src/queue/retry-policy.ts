/** When a job whose handler rejected is handed out again. */
export interface RetryOptions {
  /** How often after the first attempt; default 20, which with the other defaults takes about an hour. */
  readonly limit?: number;
  /** The first pause, in whole seconds above 0; default 1. Each is twice as long as the one before, with jitter. */
  readonly delaySeconds?: number;
  /** The longest pause, in whole seconds; default 300. */
  readonly maxDelaySeconds?: number;
}

export type RetryPolicy = Readonly<Required<RetryOptions>>;

/** @param problems takes what is wrong with them */
export function resolveRetry(given: RetryOptions, problems: string[]): RetryPolicy {
  const { limit = 20, delaySeconds = 1, maxDelaySeconds = 300, ...unknown } = given;
  problems.push(...Object.keys(unknown).map((name) => `retry.${name} is not an option`));
  for (const [name, value, least] of [
    ['limit', limit, 0],
    ['delaySeconds', delaySeconds, 1],
    ['maxDelaySeconds', maxDelaySeconds, 1],
  ] as const)
    if (!isWhole(value, least, MOST)) problems.push(`retry.${name} must be a whole number from ${least} to ${MOST}`);
  return Object.freeze({ limit, delaySeconds, maxDelaySeconds });
}

const MOST = 1_000_000;

export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The pause before the next attempt: full length down to half of it, so that jobs that failed together come back apart. */
export function pauseMs({ delaySeconds, maxDelaySeconds }: RetryPolicy, attempts: number, random: number): number {
  const seconds = Math.min(maxDelaySeconds, delaySeconds * 2 ** Math.min(attempts - 1, 30));
  return Math.round(seconds * 1000 * (0.5 + random / 2));
}
