import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { type Scrypath, ScrypathError } from '../index.js';
import { startCounting } from './counting.js';
import { loadApi } from './load-api.js';
import { startObserving } from './observing.js';
import { once } from './once.js';
import { startTracing } from './tracing.js';

export interface InstrumentOptions {
  /** Makes the spans; default the global one, which may be registered later. */
  readonly tracerProvider?: TracerProvider;
  /** Makes the metrics; default the global one, which must be registered before. */
  readonly meterProvider?: MeterProvider;
  /**
   * Whether messages and stacks of errors go with their spans; default false. Those of databases, of engines and of the
   * application may repeat values of records.
   */
  readonly recordExceptions?: boolean;
  /** Longest look at the backlog, when metrics are collected, in milliseconds; default 5 000. */
  readonly statusTimeoutMs?: number;
}

/** What `instrument` has begun. */
export interface Instrumentation {
  /** Ends it. Spans under way end with their operations. Calling it again does nothing. */
  stop(): void;
}

const NAME = 'scrypath';
const { version: VERSION } = require('../../package.json') as { readonly version: string };
/** Longest time of a timer of Node. */
const LONGEST_MS = 2 ** 31 - 1;

const traced = new Map<object, { users: number; readonly stop: () => void }>();
const counted = new Map<object, { users: number; readonly stop: () => void }>();

/**
 * Shows what Scrypath does as spans and metrics of OpenTelemetry. Spans, counters and durations are those of all instances
 * of the process, once for a provider however often it is called; the backlog and the lag are those of the instance given.
 * Nothing of it holds a document key, a search text, a filter or an API key.
 * @throws ScrypathError `PEER_MISSING` where `@opentelemetry/api` is not installed, `OPTION_INVALID`
 * @example
 * const instrumentation = instrument(scrypath);
 * process.once('SIGTERM', () => instrumentation.stop());
 */
export function instrument(scrypath: Scrypath, options: InstrumentOptions = {}): Instrumentation {
  const { recordExceptions = false, statusTimeoutMs = 5_000, ...providers } = checked(options);
  const api = loadApi();
  const { tracerProvider = api.trace.getTracerProvider(), meterProvider = api.metrics.getMeterProvider() } = providers;
  const meter = meterProvider.getMeter(NAME, VERSION);
  const stops = [
    once(traced, tracerProvider, () =>
      startTracing({ api, tracer: tracerProvider.getTracer(NAME, VERSION), recordExceptions }),
    ),
    once(counted, meterProvider, () => startCounting(meter)),
    startObserving({ api, meter, scrypath, statusTimeoutMs }),
  ];
  return {
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

const RULES: Readonly<Record<keyof InstrumentOptions, readonly [holds: (value: unknown) => boolean, must: string]>> = {
  tracerProvider: [hasMethod('getTracer'), 'a TracerProvider'],
  meterProvider: [hasMethod('getMeter'), 'a MeterProvider'],
  recordExceptions: [(value) => typeof value === 'boolean', 'a boolean'],
  statusTimeoutMs: [
    (value) => typeof value === 'number' && value > 0 && value <= LONGEST_MS,
    `milliseconds above 0, and at most ${LONGEST_MS}`,
  ],
};

function checked(options: InstrumentOptions): InstrumentOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const problems = given.flatMap(([name, value]) => {
    if (!Object.hasOwn(RULES, name)) return [`${name} is not an option`];
    const [holds, must] = RULES[name as keyof InstrumentOptions];
    return holds(value) ? [] : [`${name} must be ${must}`];
  });
  if (problems.length === 0) return Object.fromEntries(given);
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The options of instrument() are not valid: ${problems.join('; ')}.`,
    problems,
  });
}

function hasMethod(name: string): (value: unknown) => boolean {
  return (value) => typeof (value as Record<string, unknown> | null)?.[name] === 'function';
}
