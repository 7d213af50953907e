import { ScrypathError } from '../../errors/scrypath-error.js';

/**
 * The four functions of a test framework that the suite needs. Jest and Vitest have them by these names; for `node:test`
 * give `{ describe, it, beforeAll: before, afterAll: after }`.
 */
export interface TestFramework {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  readonly beforeAll: (body: () => Promise<void>) => unknown;
  readonly afterAll: (body: () => Promise<void>) => unknown;
}

const MEMBERS = ['describe', 'it', 'beforeAll', 'afterAll'] as const;

/** The framework whose functions are globals, as under Jest. */
export function globalFramework(): TestFramework {
  const globals = globalThis as unknown as Partial<TestFramework>;
  const missing = MEMBERS.filter((member) => typeof globals[member] !== 'function');
  if (missing.length === 0) return globals as TestFramework;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `There is no global ${missing.join(', ')}.`,
    remedy: 'Give describeBackend the functions of your test framework as its third argument.',
  });
}
