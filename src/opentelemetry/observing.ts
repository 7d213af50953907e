import type * as Api from '@opentelemetry/api';
import type { Scrypath, Status } from '../index.js';
import { of } from './counting.js';

export interface Observing {
  readonly api: typeof Api;
  readonly meter: Api.Meter;
  readonly scrypath: Pick<Scrypath, 'status'>;
  /** Longest wait for one look, in milliseconds. */
  readonly statusTimeoutMs: number;
}

/** Looks at an instance whenever metrics are collected. A figure that was not observed has no value then: never 0. */
export function startObserving({ api, meter, scrypath, statusTimeoutMs }: Observing): () => void {
  const backlog = meter.createObservableGauge('scrypath.backlog', of('scrypath.backlog'));
  const lag = meter.createObservableGauge('scrypath.lag', of('scrypath.lag'));
  const observed = meter.createObservableGauge('scrypath.observed', of('scrypath.observed'));
  // Exporters may repeat the last value of a gauge that has none: only a value can say that it is an old one.
  const seen = new Map<string, Api.Attributes>();
  const looks = new Looks(() => untraced(api, () => scrypath.status({ count: false })), statusTimeoutMs);
  const observe = async (result: Api.BatchObservableResult): Promise<void> => {
    const status = await looks.look();
    const left = new Map(seen);
    for (const { entity, index, backlog: rows, oldestWaitingMs } of status?.entities ?? []) {
      const attributes = { 'scrypath.entity': entity, 'db.collection.name': index };
      seen.set(index, attributes);
      left.delete(index);
      result.observe(observed, rows.observed && oldestWaitingMs.observed ? 1 : 0, attributes);
      if (rows.observed)
        for (const [state, count] of Object.entries(rows.value))
          result.observe(backlog, count, { ...attributes, 'scrypath.work.state': state });
      // Where none waits nothing is late: that was observed.
      if (oldestWaitingMs.observed) result.observe(lag, (oldestWaitingMs.value ?? 0) / 1000, attributes);
    }
    for (const attributes of left.values()) result.observe(observed, 0, attributes);
  };
  const gauges = [backlog, lag, observed];
  meter.addBatchObservableCallback(observe, gauges);
  return () => meter.removeBatchObservableCallback(observe, gauges);
}

/** A look every few seconds would fill up traces with the same few statements. The key is the one that SDKs go by. */
const untraced = <T>({ context, createContextKey }: typeof Api, run: () => T): T =>
  context.with(
    context.active().setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true),
    run,
  );

/** One look at a time, however many ask: a database that hangs must not get one more question at every collection. */
class Looks {
  readonly #look: () => Promise<Status>;
  readonly #timeoutMs: number;
  #running: Promise<Status | null> | null = null;

  constructor(look: () => Promise<Status>, timeoutMs: number) {
    this.#look = look;
    this.#timeoutMs = timeoutMs;
  }

  /** Null where it fails, or takes too long. */
  async look(): Promise<Status | null> {
    this.#running ??= this.#run();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), this.#timeoutMs);
    });
    try {
      return await Promise.race([this.#running, over]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(): Promise<Status | null> {
    try {
      return await this.#look();
    } catch {
      // Of a closed instance, for one.
      return null;
    } finally {
      this.#running = null;
    }
  }
}
