import type { Clock } from '@cairn/clock/clock.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import type { EffectRunner } from '@cairn/task/task.ts';
import type { Dispatcher } from 'undici';
import type { AttemptResult, SendWebhook } from '../core/deliver/model.ts';
import { parseSigningKey, signatureHeader } from '../core/deliver/sign.ts';
import type { SigningKey } from '../core/deliver/sign.ts';
import { failureCode } from './failure-code.ts';
import type { SecretBox } from './secrets.ts';
import type { VetTarget } from './vet-address.ts';
import type { WebhookPools } from './webhook-pools.ts';

/**
 * Makes one attempt: vets the target, signs the bytes and sends the same bytes, reads the answer within bounds. Never follows a
 * redirect, never inflates, never throws for what a receiver does. Throws only when the process stops: the attempt is then made again.
 */
export interface SendWebhookDeps {
  clock: Clock;
  secrets: SecretBox;
  vet: VetTarget;
  pools: WebhookPools;
  metrics: Metrics;
}

/** From the look-up of the name to the last byte of the answer. */
export const EXCHANGE_MS = 15_000;
/** Of an answer; enough for an error page's reason. */
export const KEPT_BYTES = 16_384;
/** An answer goes on longer than this: it is cut, and it is no success. */
export const CUT_BYTES = 65_536;
const PARSED_KEYS_MAX = 10_000;

/** Headers that an endpoint's own may not replace. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

export function createSendWebhook(deps: SendWebhookDeps): EffectRunner {
  const attempts = deps.metrics.counter('cairn_delivery_attempts_total', 'Webhook attempts, by outcome', ['code']);
  const seconds = deps.metrics.histogram('cairn_delivery_seconds', 'Webhook attempts: the whole exchange');
  const parsed = new Map<string, SigningKey>();

  /** The keys that are valid at `now`. Opened ones are kept: an ed25519 key takes a while to read. */
  function keysOf(payload: SendWebhook, now: number): SigningKey[] {
    return payload.secrets
      .filter((secret) => secret.until === null || secret.until > now)
      .map(({ key: sealed }) => {
        let key = parsed.get(sealed);
        if (!key) {
          key = parseSigningKey(deps.secrets.open(sealed, payload.endpointId));
          if (parsed.size >= PARSED_KEYS_MAX) parsed.clear();
          parsed.set(sealed, key);
        }
        return key;
      });
  }

  function headersOf(payload: SendWebhook, body: Buffer, now: number): Record<string, string> {
    const own: Record<string, string> = {};
    for (const [name, sealed] of Object.entries(payload.headers))
      if (!RESERVED_HEADERS.has(name.toLowerCase())) own[name] = deps.secrets.open(String(sealed), payload.endpointId);
    const timestamp = Math.floor(now / 1000);
    return {
      ...own,
      'content-type': 'application/json',
      'user-agent': 'Cairn-Webhooks/1',
      'accept-encoding': 'identity',
      'webhook-id': payload.deliveryId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureHeader(keysOf(payload, now), payload.deliveryId, timestamp, body),
    };
  }

  return async function sendWebhook(effect, context) {
    const payload = effect.payload as SendWebhook;
    const at = deps.clock.now();
    const startedAt = deps.clock.monotonic();
    const answer = await withTimeout(deps.clock, context.signal, async (signal) => {
      const vetted = await abortable(deps.vet(payload.url), signal);
      if (!vetted.ok) return failed(vetted.code);
      const body = Buffer.from(payload.body);
      const headers = headersOf(payload, body, deps.clock.now());
      const { url } = vetted;
      return exchange(deps.pools.of(url, vetted.addresses), `${url.pathname}${url.search}`, headers, body, signal);
    });
    const durationMs = Math.round(deps.clock.monotonic() - startedAt);
    attempts.inc({ code: answer.code ?? 'ok' });
    seconds.observe(durationMs / 1000);
    const { workspace, endpointId, deliveryId, attempt } = payload;
    const result: AttemptResult = {
      type: 'delivery.attempted',
      workspace,
      endpointId,
      deliveryId,
      attempt,
      at,
      durationMs,
      ...answer,
    };
    return result;
  };
}

type Answer = Pick<AttemptResult, 'status' | 'code' | 'responseBody' | 'retryAfter' | 'control'>;

async function exchange(
  dispatcher: Dispatcher,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await dispatcher.request({ method: 'POST', path, headers, body, signal });
  const status = response.statusCode;
  const { bytes, isWhole } = await readSome(response.body);
  const ok = status >= 200 && status < 300;
  return {
    status,
    code: ok ? (isWhole ? null : 'response_too_large') : `http_${status}`,
    responseBody: bytes.toString('utf8'),
    retryAfter: headerOf(response.headers, 'retry-after'),
    control: controlOf(headerOf(response.headers, 'webhook-delivery')),
  };
}

/** Reads to the cut and keeps the beginning. Leaving the loop early closes the connection. */
async function readSome(body: AsyncIterable<Buffer>): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (length < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - length));
    length += chunk.length;
    if (length > CUT_BYTES) return { bytes: Buffer.concat(kept), isWhole: false };
  }
  return { bytes: Buffer.concat(kept), isWhole: true };
}

/** One bound over the whole exchange: a slow drip resets every idle timeout. */
async function withTimeout(
  clock: Clock,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(stopping.reason as Error);
  if (stopping.aborted) throw stopping.reason as Error;
  // By hand: AbortSignal.any costs more than the signature does.
  stopping.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(EXCHANGE_MS, () => controller.abort(new Error('the exchange took too long')));
  try {
    return await work(controller.signal);
  } catch (error) {
    if (stopping.aborted) throw error;
    return failed(controller.signal.aborted ? 'timeout' : failureCode(error));
  } finally {
    cancel();
    stopping.removeEventListener('abort', stop);
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw signal.reason as Error;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function failed(code: AttemptResult['code']): Answer {
  return { status: null, code, responseBody: null, retryAfter: null, control: null };
}

function headerOf(headers: Record<string, string | string[] | undefined>, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function controlOf(header: string | null): AttemptResult['control'] {
  const text = header?.trim().toLowerCase();
  return text === 'disable' || text === 'abort-message' ? text : null;
}
