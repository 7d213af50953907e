import type * as Api from '@opentelemetry/api';
import { aroundSpans, type SpanContext } from '../index.js';
import { errorTypeOf } from './error-type.js';
import { attributesOf, OPENTELEMETRY_SPANS, type SpanRow, spanNameOf } from './span-table.js';

export interface Tracing {
  readonly api: typeof Api;
  readonly tracer: Api.Tracer;
  /** Whether the messages and stacks of errors go with their spans. */
  readonly recordExceptions: boolean;
}

/** Runs each operation inside a span that is active meanwhile, so that whatever it calls belongs to it. */
export function startTracing(tracing: Tracing): () => void {
  const { context, trace } = tracing.api;
  return aroundSpans((name, facts, run) => {
    const row = OPENTELEMETRY_SPANS[name];
    const span = row && begun(tracing, row, facts);
    if (!span) return run();
    return context.with(trace.setSpan(context.active(), span), run).then(
      (result) => {
        end(tracing, row, span, facts);
        return result;
      },
      (error: unknown) => {
        end(tracing, row, span, facts);
        throw error;
      },
    );
  });
}

/** Null where somebody's processor of spans throws: what is traced must not fail for its trace. */
function begun({ api, tracer }: Tracing, row: SpanRow, facts: SpanContext<object>): Api.Span | null {
  const kind = { internal: api.SpanKind.INTERNAL, client: api.SpanKind.CLIENT, consumer: api.SpanKind.CONSUMER };
  const known = facts as Readonly<Record<string, unknown>>;
  try {
    return tracer.startSpan(spanNameOf(row, known), { kind: kind[row.kind], attributes: attributesOf(row, known) });
  } catch (error) {
    api.diag.error('scrypath: a span could not be started', error);
    return null;
  }
}

function end({ api, recordExceptions }: Tracing, row: SpanRow, span: Api.Span, facts: SpanContext<object>): void {
  try {
    span.setAttributes(attributesOf(row, facts as Readonly<Record<string, unknown>>));
    if ('error' in facts) {
      const { error } = facts;
      span.setAttribute('error.type', errorTypeOf(error));
      const message = recordExceptions && error instanceof Error ? { message: error.message } : {};
      span.setStatus({ code: api.SpanStatusCode.ERROR, ...message });
      if (recordExceptions) span.recordException(error instanceof Error ? error : String(error));
    }
    span.end();
  } catch (error) {
    api.diag.error('scrypath: a span could not be ended', error);
  }
}
