import { type Attributes, context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** A reader that collects when it is asked to. Of gauges it has what was observed since: else an old value would be repeated. */
class AskedReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    });
  }

  protected override onShutdown = (): Promise<void> => Promise.resolve();
  protected override onForceFlush = (): Promise<void> => Promise.resolve();
}

export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly value: unknown;
  readonly attributes: Attributes;
}

/** The SDK, in memory. */
export class Recording {
  readonly #exporter = new InMemorySpanExporter();
  readonly #reader = new AskedReader();
  /** Names of spans that were started, ended ones too. */
  readonly started: string[] = [];
  readonly tracerProvider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: ({ name }) => void this.started.push(name),
        onEnd: () => undefined,
        shutdown: () => Promise.resolve(),
        forceFlush: () => Promise.resolve(),
      },
      new SimpleSpanProcessor(this.#exporter),
    ],
  });
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });

  get providers() {
    const { tracerProvider, meterProvider } = this;
    return { tracerProvider, meterProvider };
  }

  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** The span that another one is directly inside of. */
  parentOf(span: ReadableSpan): ReadableSpan | undefined {
    return this.spans.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
  }

  forget(): void {
    this.#exporter.reset();
    this.started.length = 0;
  }

  async metrics(): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw errors[0];
    return resourceMetrics;
  }

  async points(): Promise<readonly Point[]> {
    const { scopeMetrics } = await this.metrics();
    return scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        (dataPoints as DataPoint<unknown>[]).map(({ value, attributes }) => ({
          metric: name,
          unit,
          value,
          attributes,
        })),
      );
  }

  async pointsOf(metric: string): Promise<readonly Point[]> {
    return (await this.points()).filter((point) => point.metric === metric);
  }

  async shutdown(): Promise<void> {
    await this.tracerProvider.shutdown();
    await this.meterProvider.shutdown();
  }
}

/** Lets contexts be carried through promises, for the tests of a file. */
export function useContextManager(): void {
  const manager = new AsyncLocalStorageContextManager();
  beforeAll(() => {
    context.setGlobalContextManager(manager.enable());
  });
  afterAll(() => {
    context.disable();
  });
}

export const kindOf = ({ kind }: ReadableSpan): string => SpanKind[kind]!;
export const isFailed = ({ status }: ReadableSpan): boolean => status.code === SpanStatusCode.ERROR;
