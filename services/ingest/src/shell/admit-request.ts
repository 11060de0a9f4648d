import { isUtf8 } from 'node:buffer';
import { parseForeignJson } from '@cairn/contracts/json.ts';
import type { NewRecord } from '@cairn/log/log.ts';
import { admitTouchpoint, refuse, type Admission, type Kind } from '../core/admit-touchpoint.ts';
import { readInstant } from '../core/clock-skew.ts';
import { isTooLarge, TOUCHPOINT_BYTES_MAX } from '../core/measure.ts';
import type { Plain } from '../core/normalise.ts';
import type { Refusal } from '../core/refusals.ts';
import type { Records } from './records.ts';

/** One request's items, admitted or refused one by one: one bad item never sinks its batch. */
export interface AdmittedRequest {
  records: NewRecord[];
  admitted: number;
  /** One entry per refused item, or one for the whole request. */
  refused: Refusal[];
  /** Filled only where the client asked for it (`X-Cairn-Strict`). */
  results: ItemResult[];
}

export interface ItemResult {
  messageId: string | null;
  status: 'admitted' | 'refused';
  reason?: Refusal;
}

/** Segment's own limit. */
export const BATCH_ITEMS_MAX = 2_500;

export interface RequestFacts {
  workspace: string;
  records: Records;
  /** Epoch ms. */
  receivedAt: number;
  /** Unique: names the items that have no messageId. */
  requestId: string;
  strict: boolean;
  headers?: Readonly<Record<string, string>>;
  /** The name of the source that it came through; else `http`. */
  source?: string;
}

/** A body as JSON; the refusal when it is none. */
export function parseBody(body: Buffer): { value: unknown; text: string } | 'malformed-json' {
  // Decoding would quietly replace what is no UTF-8; a name would be stored broken and nobody told.
  if (!isUtf8(body)) return 'malformed-json';
  try {
    const text = body.toString('utf8', hasByteOrderMark(body) ? 3 : 0);
    return { value: parseForeignJson(text), text };
  } catch {
    return 'malformed-json';
  }
}

export function admitSingle(
  facts: RequestFacts,
  kind: Kind,
  item: Plain,
  body: { text: string; bytes: number },
): AdmittedRequest {
  const request = newRequest();
  const admission =
    body.bytes > TOUCHPOINT_BYTES_MAX
      ? refuse('too-large', null)
      : admitTouchpoint(policyOf(facts), item, {
          receivedAt: facts.receivedAt,
          kind,
          messageId: `srv-${facts.requestId}-0`,
        });
  take(request, facts, admission, () => body.text, 0);
  return request;
}

export function admitBatch(
  facts: RequestFacts,
  items: readonly unknown[],
  sentAt: unknown,
  bodyBytes: number,
): AdmittedRequest {
  const request = newRequest();
  const policy = policyOf(facts);
  // Read once for all items.
  const sentAtMs = readInstant(sentAt);
  // In a body of 32 KB no item can be over 32 KB: most batches are never measured.
  const mayBeTooLarge = bodyBytes > TOUCHPOINT_BYTES_MAX;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    const admission =
      mayBeTooLarge && isTooLarge(item)
        ? refuse('too-large', messageIdOf(item))
        : admitTouchpoint(policy, item, {
            receivedAt: facts.receivedAt,
            sentAt: sentAtMs,
            kind: null,
            messageId: `srv-${facts.requestId}-${i}`,
          });
    take(request, facts, admission, () => textOf(item), i);
  }
  return request;
}

/** The whole request is refused for one reason: one dead letter, with what came. */
export function refuseRequest(
  facts: RequestFacts,
  reason: Refusal,
  raw: string,
  detail: string | null = null,
): AdmittedRequest {
  const request = newRequest();
  request.refused.push(reason);
  request.records.push(
    facts.records.ofRefused({ reason, messageId: null, detail, raw, at: facts.receivedAt, itemId: facts.requestId }),
  );
  return request;
}

function take(
  request: AdmittedRequest,
  facts: RequestFacts,
  admission: Admission,
  raw: () => string,
  index: number,
): void {
  if (admission.type === 'admitted') {
    request.admitted++;
    request.records.push(facts.records.ofTouchpoint(admission.touchpoint, facts.headers));
    if (facts.strict) request.results.push({ messageId: admission.touchpoint.messageId, status: 'admitted' });
    return;
  }
  const { reason, messageId, field } = admission;
  request.refused.push(reason);
  request.records.push(
    facts.records.ofRefused({
      reason,
      messageId,
      detail: field,
      raw: raw(),
      at: facts.receivedAt,
      itemId: `${facts.requestId}/${index}`,
    }),
  );
  if (facts.strict) request.results.push({ messageId, status: 'refused', reason });
}

const newRequest = (): AdmittedRequest => ({ records: [], admitted: 0, refused: [], results: [] });

const policyOf = ({
  workspace,
  source = 'http',
}: RequestFacts): { workspace: string; source: string; imported: boolean } => ({
  workspace,
  source,
  imported: false,
});

/** Nested deeper than the stack is high, an item cannot be written out again. */
function textOf(item: unknown): string {
  try {
    return JSON.stringify(item) ?? '';
  } catch {
    return '(nested too deep to be kept)';
  }
}

function messageIdOf(item: unknown): string | null {
  const id = typeof item === 'object' && item !== null ? (item as Plain).messageId : null;
  return typeof id === 'string' && id.length <= 1_024 ? id : null;
}

const hasByteOrderMark = (body: Buffer): boolean => body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
