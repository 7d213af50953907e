export { type Instrumentation, type InstrumentOptions, instrument } from './instrument.js';
export { type MetricName, type MetricRow, OPENTELEMETRY_METRICS } from './metric-table.js';
export { OPENTELEMETRY_SPANS, type SpanRow } from './span-table.js';
