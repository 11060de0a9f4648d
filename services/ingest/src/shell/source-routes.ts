/**
 * `POST /v1/sources/:id`: another system's webhook, made into touchpoints by the source's mapping. The body is one row: a JSON object, a
 * list of them (a row each), or a form's fields. What it gives is admitted like any call; what it cannot map is a dead letter.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { idOf } from '@cairn/contracts/ids.ts';
import type { SourcePut } from '@cairn/contracts/generated/control.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { Plain } from '../core/normalise.ts';
import { REFUSALS, type Refusal } from '../core/refusals.ts';
import {
  admitBatch,
  BATCH_ITEMS_MAX,
  parseBody,
  refuseRequest,
  type AdmittedRequest,
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
import { createRecords } from './records.ts';
import type { ImportRow } from './row-source.ts';
import type { SourceMappers } from './source-mappers.ts';
import type { WriteKeys } from './write-key.ts';

export interface SourceRoute {
  handle(id: string, request: IncomingMessage, response: ServerResponse): void;
}

export interface SourceDeps extends Ports {
  keys: WriteKeys;
  bodies: BodyReader;
  appender: AppendAdmitted;
  mappers: SourceMappers;
  nextRequestId(): string;
}

const NO_SUCH_SOURCE: Fault = { status: 404, code: 'not-found', message: 'there is no such source' };
/** Who sends the same again says so in one of these; it then has the same ids, and changes nothing. */
const REPEAT_HEADERS = ['webhook-id', 'idempotency-key', 'x-request-id', 'x-github-delivery'];

/** The id in `/v1/sources/:id`; null: another path. */
export function sourceIdOf(path: string): string | null {
  const id = /^\/v1\/sources\/([^/]+)$/.exec(path)?.[1];
  if (id === undefined) return null;
  try {
    return decodeURIComponent(id);
  } catch {
    return null;
  }
}

export function createSourceRoute(deps: SourceDeps): SourceRoute {
  const { clock, keys, bodies, appender, control, log, logger, mappers } = deps;
  const admittedTotal = deps.metrics.counter('cairn_touchpoints_admitted_total', 'Touchpoints admitted');
  const refusedTotal = deps.metrics.counter('cairn_touchpoints_refused_total', 'Touchpoints refused', ['reason']);

  async function take(
    facts: RequestFacts,
    source: SourcePut,
    request: IncomingMessage,
    body: Buffer,
  ): Promise<AdmittedRequest> {
    const text = body.toString('utf8');
    const rows = rowsOf(request, body);
    if (rows === null) return refuseRequest(facts, 'malformed-json', text);
    if (rows.length > BATCH_ITEMS_MAX) return refuseRequest(facts, 'batch-too-long', text, `${rows.length} rows`);
    const mapped = await Promise.all(
      rows.map((row) =>
        mappers.map(source, row).catch((error: Error): Pick<ImportRow, 'item' | 'fault' | 'detail' | 'skipped'> => ({
          item: undefined,
          fault: 'schema-violation',
          detail: `mapping: ${error.message}`,
          skipped: false,
        })),
      ),
    );
    const items = mapped.flatMap(({ item, skipped, fault }) =>
      skipped || fault ? [] : Array.isArray(item) ? (item as unknown[]) : [item],
    );
    const said = repeatOf(request) ?? text;
    const named = items.map((item, i) => withMessageId(item, idOf('src', source.id, said, i)));
    const admitted = admitBatch(facts, named, undefined, Infinity);
    mapped.forEach(({ fault, detail }, i) => {
      if (!fault) return;
      const letter = { ...facts, requestId: `${facts.requestId}/row/${i}` };
      const refused = refuseRequest(letter, fault, JSON.stringify(rows[i]), detail);
      admitted.records.push(...refused.records);
      admitted.refused.push(fault);
      if (facts.strict) admitted.results.push({ messageId: null, status: 'refused', reason: fault });
    });
    return admitted;
  }

  function answer(facts: RequestFacts, admitted: AdmittedRequest, response: ServerResponse): void {
    admittedTotal.inc(admitted.admitted);
    for (const reason of admitted.refused) refusedTotal.inc({ reason });
    const whole = admitted.admitted === 0 ? wholeRefusal(admitted) : null;
    if (whole !== null) return answerFault(response, { status: 400, code: whole, message: REFUSALS[whole] });
    if (!facts.strict) return answerSuccess(response);
    answerJson(response, admitted.refused.length > 0 ? 400 : 200, { results: admitted.results });
  }

  return {
    handle(id, request, response) {
      const workspace = keys.ofHeader(request) ?? keys.ofKey(keyOfQuery(request));
      if (workspace === null) return answerEarly(request, response, UNAUTHORISED, clock);
      const source = control.sources(workspace).find((one) => one.id === id || one.name === id);
      if (!source) return answerEarly(request, response, NO_SUCH_SOURCE, clock);
      bodies.read(request, (fault, body, held) => {
        if (fault !== null) return answerBodyFault(fault, request, response);
        const facts: RequestFacts = {
          workspace,
          records: createRecords(log, workspace, control),
          receivedAt: clock.now(),
          requestId: deps.nextRequestId(),
          strict: request.headers['x-cairn-strict'] === '1',
          source: source.name,
        };
        take(facts, source, request, body).then(
          (admitted) =>
            appender.append(admitted.records, (error) => {
              bodies.release(held);
              if (error) {
                logger.warn({ event: 'ingest.append-failed', err: error });
                return answerFault(response, UNAVAILABLE);
              }
              answer(facts, admitted, response);
            }),
          (error: unknown) => {
            bodies.release(held);
            logger.error({ event: 'ingest.source-failed', source: source.id, err: error });
            answerFault(response, UNAVAILABLE);
          },
        );
      });
    },
  };

  function answerBodyFault(fault: BodyFault, request: IncomingMessage, response: ServerResponse): void {
    switch (fault) {
      case 'gone':
        return;
      case 'too-slow':
        return answerEarly(request, response, TOO_SLOW, clock);
      case 'overloaded':
        return answerEarly(request, response, OVERLOADED, clock);
      case 'too-large':
        return answerEarly(
          request,
          response,
          { status: 413, code: 'too-large', message: REFUSALS['too-large'] },
          clock,
        );
      case 'bad-encoding':
        return answerEarly(
          request,
          response,
          { status: 400, code: 'malformed-json', message: REFUSALS['malformed-json'] },
          clock,
        );
    }
  }
}

/** Where nothing of the body could be used at all, the sender is told; one bad row of many is a dead letter and a 200. */
function wholeRefusal({ refused }: AdmittedRequest): Refusal | null {
  const [only] = refused;
  return refused.length === 1 && (only === 'malformed-json' || only === 'batch-too-long') ? only : null;
}

function rowsOf(request: IncomingMessage, body: Buffer): unknown[] | null {
  if ((request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
    return [Object.fromEntries(new URLSearchParams(body.toString('utf8')))];
  const parsed = parseBody(body);
  if (parsed === 'malformed-json') return null;
  return Array.isArray(parsed.value) ? (parsed.value as unknown[]) : [parsed.value];
}

function withMessageId(item: unknown, messageId: string): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const own = (item as Plain).messageId;
  return own === undefined || own === null || own === '' ? { ...item, messageId } : item;
}

function repeatOf(request: IncomingMessage): string | null {
  for (const name of REPEAT_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string' && value !== '') return `${name} ${value}`;
  }
  return null;
}

/** Not every system can send a header of ours. */
function keyOfQuery(request: IncomingMessage): string | null {
  return URL.parse(request.url ?? '', 'http://localhost')?.searchParams.get('writeKey') ?? null;
}
