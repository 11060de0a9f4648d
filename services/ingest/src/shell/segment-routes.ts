import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ports } from '@cairn/service-kit/service.ts';
import { startSpan, tracing, TRACEPARENT, type Span } from '@cairn/service-kit/telemetry.ts';
import type { Kind } from '../core/admit-touchpoint.ts';
import { REFUSALS, type Refusal } from '../core/refusals.ts';
import type { Plain } from '../core/normalise.ts';
import {
  admitBatch,
  admitSingle,
  BATCH_ITEMS_MAX,
  parseBody,
  refuseRequest,
  type AdmittedRequest,
  type ItemResult,
  type RequestFacts,
} from './admit-request.ts';
import {
  answerEarly,
  answerFault,
  answerJson,
  answerSuccess,
  OVERLOADED,
  TOO_SLOW,
  UNAUTHORISED,
  UNAVAILABLE,
  type Fault,
} from './answer.ts';
import type { AppendAdmitted } from './append-admitted.ts';
import type { BodyFault, BodyReader } from './read-body.ts';
import { createRecords, type Records } from './records.ts';
import type { WriteKeys } from './write-key.ts';

/**
 * The Segment HTTP API: `POST /v1/{identify,track,page,screen,group,alias,batch}` and the browser's short names. The hot path: bare
 * `node:http`, callbacks, no copy that can be spared. Answers 200 only when the log has said that everything is durable.
 */
export type SegmentCall = Kind | 'batch';

export const SEGMENT_PATHS: ReadonlyMap<string, SegmentCall> = new Map(
  (['identify', 'track', 'page', 'screen', 'group', 'alias', 'batch'] as const).flatMap((call) => [
    [`/v1/${call}`, call],
    [`/v1/${call[0]}`, call],
  ]),
);

export interface SegmentDeps extends Ports {
  keys: WriteKeys;
  bodies: BodyReader;
  appender: AppendAdmitted;
  /** Unique for each call. */
  nextRequestId(): string;
}

/** What is told of a batch that is too long, item by item, in strict mode. */
const RESULTS_MAX = 10_000;

export function createSegmentRoute(
  deps: SegmentDeps,
): (call: SegmentCall, request: IncomingMessage, response: ServerResponse) => void {
  const { clock, keys, bodies, appender, control, logger, log } = deps;
  const admittedTotal = deps.metrics.counter('cairn_touchpoints_admitted_total', 'Touchpoints admitted');
  const refusedTotal = deps.metrics.counter('cairn_touchpoints_refused_total', 'Touchpoints refused', ['reason']);
  const recordsOf = new Map<string, Records>();

  function factsOf(workspace: string, request: IncomingMessage, span: Span): RequestFacts {
    let records = recordsOf.get(workspace);
    if (!records) recordsOf.set(workspace, (records = createRecords(log, workspace, control)));
    const { traceparent } = span;
    return {
      workspace,
      records,
      receivedAt: clock.now(),
      requestId: deps.nextRequestId(),
      strict: request.headers['x-cairn-strict'] === '1',
      ...(traceparent === undefined ? {} : { headers: { [TRACEPARENT]: traceparent } }),
    };
  }

  /** Appends, then answers: `after` when all is durable, 503 when it is not. */
  function append(
    admitted: AdmittedRequest,
    response: ServerResponse,
    span: Span,
    held: number,
    after: () => void,
  ): void {
    appender.append(admitted.records, (error) => {
      bodies.release(held);
      span.end(error ?? undefined);
      if (error) {
        logger.warn({ event: 'ingest.append-failed', err: error });
        return answerFault(response, UNAVAILABLE);
      }
      if (admitted.admitted > 0) admittedTotal.inc(admitted.admitted);
      for (const reason of admitted.refused) refusedTotal.inc({ reason });
      after();
    });
  }

  return function handleSegmentCall(call, request, response) {
    const byHeader = keys.ofHeader(request);
    if (byHeader === null) return answerEarly(request, response, UNAUTHORISED, clock);
    bodies.read(request, (fault, body, held) => {
      const span = tracing() ? startSpan('ingest.admit', headerOf(request, TRACEPARENT)) : startSpan('');
      if (fault !== null) return onBodyFault(fault, body, byHeader, span);
      const parsed = parseBody(body);
      const item = parsed !== 'malformed-json' && isObject(parsed.value) ? parsed.value : null;
      const workspace = byHeader ?? keys.ofKey(item?.writeKey);
      if (workspace === null) {
        bodies.release(held);
        // Without a header, a body that cannot be read cannot say whose it is: there is no workspace for a dead letter.
        if (parsed === 'malformed-json') return answerFault(response, faultOf('malformed-json'));
        return answerFault(response, UNAUTHORISED);
      }
      const facts = factsOf(workspace, request, span);
      if (parsed === 'malformed-json') return refuseAll('malformed-json', facts, textOf(body), span, held);
      if (item === null) return refuseAll('not-an-object', facts, parsed.text, span, held);
      if (call !== 'batch') {
        const admitted = admitSingle(facts, call, item, { text: parsed.text, bytes: body.length });
        const tooLarge = admitted.refused[0] === 'too-large';
        return append(admitted, response, span, held, () =>
          tooLarge
            ? answerFault(response, faultOf('too-large', admitted.results))
            : answerItems(facts, admitted, response),
        );
      }
      const items = item.batch;
      if (!Array.isArray(items))
        return refuseAll('schema-violation', facts, parsed.text, span, held, 'batch is no list');
      if (items.length > BATCH_ITEMS_MAX) {
        const results = facts.strict ? resultsOf(items, 'batch-too-long') : [];
        return refuseAll('batch-too-long', facts, parsed.text, span, held, `${items.length} items`, results);
      }
      const admitted = admitBatch(facts, items, item.sentAt, body.length);
      append(admitted, response, span, held, () => answerItems(facts, admitted, response));
    });

    function refuseAll(
      reason: Refusal,
      facts: RequestFacts,
      raw: string,
      span: Span,
      held: number,
      detail: string | null = null,
      results: ItemResult[] = facts.strict ? [{ messageId: null, status: 'refused', reason }] : [],
    ): void {
      append(refuseRequest(facts, reason, raw, detail), response, span, held, () =>
        answerFault(response, faultOf(reason, results)),
      );
    }

    function onBodyFault(fault: BodyFault, start: Buffer, workspace: string | undefined, span: Span): void {
      switch (fault) {
        case 'gone':
          return span.end();
        case 'too-slow':
          span.end(fault);
          return answerEarly(request, response, TOO_SLOW, clock);
        case 'overloaded':
          span.end(fault);
          return answerEarly(request, response, OVERLOADED, clock);
        case 'too-large':
          return refuseUnread({ ...faultOf('too-large'), status: 413 }, 'too-large', start, workspace, span);
        case 'bad-encoding':
          return refuseUnread(faultOf('malformed-json'), 'malformed-json', start, workspace, span);
      }
    }

    function refuseUnread(
      answer: Fault,
      reason: Refusal,
      start: Buffer,
      workspace: string | undefined,
      span: Span,
    ): void {
      // The rest of the body is drained while the dead letter is written.
      if (workspace === undefined) return answerEarly(request, response, answer, clock);
      const refused = refuseRequest(factsOf(workspace, request, span), reason, textOf(start));
      refusedTotal.inc({ reason });
      answerEarly(request, response, answer, clock);
      // The answer is a refusal either way: it does not wait for the letter.
      appender.append(refused.records, (error) => {
        span.end(error ?? undefined);
        if (error) logger.warn({ event: 'ingest.dead-letter-failed', err: error });
      });
    }
  };
}

function answerItems(facts: RequestFacts, admitted: AdmittedRequest, response: ServerResponse): void {
  if (!facts.strict) return answerSuccess(response);
  answerJson(response, admitted.refused.length > 0 ? 400 : 200, { results: admitted.results });
}

function faultOf(reason: Refusal, results: readonly ItemResult[] = []): Fault {
  return { status: 400, code: reason, message: REFUSALS[reason], ...(results.length > 0 ? { more: { results } } : {}) };
}

function resultsOf(items: readonly unknown[], reason: Refusal): ItemResult[] {
  return items.slice(0, RESULTS_MAX).map((item) => {
    const messageId = isObject(item) && typeof item.messageId === 'string' ? item.messageId : null;
    return { messageId, status: 'refused', reason };
  });
}

const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (body: Buffer): string => body.subarray(0, 65_536).toString('utf8');

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
