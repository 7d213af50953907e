import { AsyncLocalStorage } from 'node:async_hooks';

/** One call of {@link withoutCapture}, and the entities that were written in it. */
interface Exemption {
  readonly reason: string;
  readonly entities: Set<string>;
}

const exemptions = new AsyncLocalStorage<Exemption>();

/**
 * Runs `fn`, in which no write is captured, of any DataSource: for seeds and imports that are followed by a backfill. Each
 * entity written in it is told of once, as unresolved, with the reason.
 */
export const withoutCapture = <T>(reason: string, fn: () => T): T =>
  exemptions.run({ reason, entities: new Set() }, fn);

/**
 * Whether the caller is inside {@link withoutCapture}; then `tell` hears of the entity, the first time in that call.
 */
export function isExempt(entity: string, tell: (reason: string) => void): boolean {
  const exemption = exemptions.getStore();
  if (exemption === undefined) return false;
  if (!exemption.entities.has(entity)) {
    exemption.entities.add(entity);
    tell(exemption.reason);
  }
  return true;
}
