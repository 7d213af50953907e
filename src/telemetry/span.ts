import { type Channel, channel } from 'node:diagnostics_channel';

/**
 * Operations that publish on `<name>:start`, `<name>:end` and `<name>:error` of `node:diagnostics_channel`. A backend
 * publishes under names of its own.
 */
export const SPAN_NAMES = [
  'scrypath:sync',
  'scrypath:search',
  'scrypath:hydration',
  'scrypath:worker:batch',
  'scrypath:worker:settle',
  'scrypath:backfill',
  'scrypath:backfill:page',
  'scrypath:verify',
  'scrypath:reindex',
  'scrypath:reindex:step',
] as const;
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

/**
 * Something that each operation runs inside. It must call `run` once, in whatever context the operation shall have, and
 * settle as that does; `context` has its last facts then. It must not throw by itself: the operation would not be begun.
 */
export type AroundSpan = <T>(name: SpanName, context: SpanContext<object>, run: () => Promise<T>) => Promise<T>;

interface SpanChannels {
  readonly start: Channel;
  readonly end: Channel;
  readonly error: Channel;
}

const channels = new Map<SpanName, SpanChannels>();
let arounds: readonly AroundSpan[] = [];

function channelsOf(name: SpanName): SpanChannels {
  let known = channels.get(name);
  if (known === undefined) {
    known = { start: channel(`${name}:start`), end: channel(`${name}:end`), error: channel(`${name}:error`) };
    channels.set(name, known);
  }
  return known;
}

/**
 * Runs every operation of this process inside `around`, for a tracer that keeps its context by calling a function in it;
 * `scrypath/opentelemetry` does so. Who only wants to hear of operations subscribes to their channels.
 * @returns ends it; operations under way end as they began
 * @example
 * const stop = aroundSpans(async (name, context, run) => {
 *   try {
 *     return await run();
 *   } finally {
 *     console.log(name, context.durationMs);
 *   }
 * });
 */
export function aroundSpans(around: AroundSpan): () => void {
  // A function of its own, so that each end takes away what it had put there.
  const own: AroundSpan = (name, context, run) => around(name, context, run);
  arounds = [...arounds, own];
  return () => {
    arounds = arounds.filter((other) => other !== own);
  };
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
  if (arounds.length === 0 && !start.hasSubscribers && !end.hasSubscribers && !error.hasSubscribers) return run(facts);
  const context: SpanContext<F> = { ...facts };
  const told = (): Promise<T> => {
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
  };
  return arounds.reduceRight<() => Promise<T>>((next, around) => () => around(name, context, next), told)();
}
