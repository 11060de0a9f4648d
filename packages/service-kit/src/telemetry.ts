import type { Context, Span as OtelSpan, SpanContext, Tracer } from '@opentelemetry/api';

/**
 * OpenTelemetry traces that follow a touchpoint from hop to hop: the `traceparent` travels in the record headers. Off unless an
 * endpoint is given; then a span costs a null check, and nothing of OpenTelemetry is loaded.
 */
export interface Span {
  /** W3C trace context to hand on; undefined while telemetry is off. */
  readonly traceparent: string | undefined;
  set(name: string, value: string | number | boolean): void;
  end(error?: unknown): void;
}

/** The record header that carries the trace. */
export const TRACEPARENT = 'traceparent';

const NO_SPAN: Span = Object.freeze({ traceparent: undefined, set() {}, end() {} });
const SHAPE = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SPAN_STATUS_ERROR = 2;

interface Running {
  tracer: Tracer;
  contextWith(parent: SpanContext | null): Context;
}
let running: Running | null = null;

/** Starts exporting over OTLP/HTTP to `endpoint` (a base address; `/v1/traces` is added). Null: stays off. Returns how to flush and stop. */
export async function startTelemetry(options: {
  endpoint: string | null;
  service: string;
}): Promise<() => Promise<void>> {
  if (!options.endpoint) return async () => {};
  const [
    { trace, ROOT_CONTEXT },
    { NodeTracerProvider },
    { BatchSpanProcessor },
    { OTLPTraceExporter },
    { resourceFromAttributes },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces` })),
    ],
  });
  running = {
    tracer: provider.getTracer('cairn'),
    contextWith: (parent) => (parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT),
  };
  return async () => {
    running = null;
    await provider.shutdown();
  };
}

/** Starts a span, as a child of `traceparent` where that is given and well formed. End it exactly once. */
export function startSpan(name: string, traceparent?: string): Span {
  if (!running) return NO_SPAN;
  const span = running.tracer.startSpan(name, {}, running.contextWith(parse(traceparent)));
  return wrap(span);
}

export const traceparentOf = (span: Span): string | undefined => span.traceparent;

/** Whether spans are recorded at all: lets a hot loop skip what it would do for them. */
export const tracing = (): boolean => running !== null;

function wrap(span: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    set: (name, value) => void span.setAttribute(name, value),
    end(error) {
      if (error !== undefined) span.setStatus({ code: SPAN_STATUS_ERROR, message: messageOf(error) });
      span.end();
    },
  };
}

function parse(traceparent: string | undefined): SpanContext | null {
  const match = traceparent === undefined ? null : SHAPE.exec(traceparent);
  if (!match || /^0+$/.test(match[1]!) || /^0+$/.test(match[2]!)) return null;
  return { traceId: match[1]!, spanId: match[2]!, traceFlags: parseInt(match[3]!, 16), isRemote: true };
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'failed';
}
