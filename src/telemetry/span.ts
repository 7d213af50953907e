import { type Channel, channel } from 'node:diagnostics_channel';

/**
 * Operations that publish on `<name>:start`, `<name>:end` and `<name>:error` of `node:diagnostics_channel`. A backend
 * publishes under names of its own.
 */
export const SPAN_NAMES = ['scrypath:sync', 'scrypath:search', 'scrypath:hydration'] as const;
export type SpanName = (typeof SPAN_NAMES)[number] | `scrypath:${string}:${string}`;

/**
 * What subscribers receive: the facts known at the start, and what the operation adds while it runs. One object a span,
 * the same at start and end, so that a subscriber can keep its own state beside it in a WeakMap.
 */
export type SpanContext<F extends object> = F & {
  /** Milliseconds that the operation took; there at `end` and `error`. */
  durationMs?: number;
  /** What went wrong; there at `error`. */
  error?: unknown;
};

interface SpanChannels {
  readonly start: Channel;
  readonly end: Channel;
  readonly error: Channel;
}

const channels = new Map<SpanName, SpanChannels>();

function channelsOf(name: SpanName): SpanChannels {
  let known = channels.get(name);
  if (known === undefined) {
    known = { start: channel(`${name}:start`), end: channel(`${name}:end`), error: channel(`${name}:error`) };
    channels.set(name, known);
  }
  return known;
}

/**
 * Runs an operation and tells subscribers of its start and its end or error. Without a subscriber it only runs it.
 * A subscriber bound with `channel.bindStore` on the start channel sees its store in everything that the operation calls.
 */
export function span<F extends object, T>(
  name: SpanName,
  facts: F,
  run: (context: SpanContext<F>) => Promise<T>,
): Promise<T> {
  const { start, end, error } = channelsOf(name);
  if (!start.hasSubscribers && !end.hasSubscribers && !error.hasSubscribers) return run(facts);
  const context: SpanContext<F> = { ...facts };
  const startedAt = performance.now();
  return start.runStores(context, async () => {
    try {
      const result = await run(context);
      context.durationMs = performance.now() - startedAt;
      end.publish(context);
      return result;
    } catch (failure) {
      context.durationMs = performance.now() - startedAt;
      context.error = failure;
      error.publish(context);
      throw failure;
    }
  });
}
