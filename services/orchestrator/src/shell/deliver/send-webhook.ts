import type { Clock } from '@cairn/clock/clock.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import { TRACEPARENT, startSpan } from '@cairn/service-kit/telemetry.ts';
import type { EffectRunner } from '@cairn/task/task.ts';
import type { AttemptResult, SendWebhook } from '../../core/deliver/model.ts';
import { redact } from '../../core/deliver/redact.ts';
import { parseSigningKey, signatureHeader } from '../../core/deliver/sign.ts';
import type { SigningKey } from '../../core/deliver/sign.ts';
import { AttemptFault, abortable, exchange, withinTime } from './exchange.ts';
import { codeLabel } from './failure-code.ts';
import { createOAuthTokens } from './oauth-tokens.ts';
import type { SecretBox } from './secrets.ts';
import type { VetTarget } from './vet-address.ts';
import type { WebhookPools } from './webhook-pools.ts';
import { renderBody } from './webhook-template.ts';

/**
 * Makes one attempt: vets the target, signs the bytes and sends the same bytes, reads the answer within bounds. Never throws for
 * what a receiver does. Throws only when the process stops: the attempt is then made again.
 */
export interface SendWebhookDeps {
  clock: Clock;
  secrets: SecretBox;
  vet: VetTarget;
  pools: WebhookPools;
  metrics: Metrics;
}

const PARSED_KEYS_MAX = 10_000;

/** Headers that an endpoint's own may not replace. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set(
  (
    'accept-encoding connection content-encoding content-length content-type expect host keep-alive proxy-authorization ' +
    'proxy-connection te trailer transfer-encoding upgrade user-agent webhook-id webhook-signature webhook-timestamp'
  ).split(' '),
);

/** The names of an endpoint's own headers that are sent. */
export const ownHeaders = (headers: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => !RESERVED_HEADERS.has(name));

export function createSendWebhook(deps: SendWebhookDeps): EffectRunner {
  const attempts = deps.metrics.counter('cairn_delivery_attempts_total', 'Webhook attempts, by outcome', ['code']);
  const seconds = deps.metrics.histogram('cairn_delivery_seconds', 'Webhook attempts: the whole exchange');
  const tokens = createOAuthTokens(deps);
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

  function ownOf(payload: SendWebhook): Record<string, string> {
    const own: Record<string, string> = {};
    for (const [name, sealed] of Object.entries(payload.headers))
      if (!RESERVED_HEADERS.has(name.toLowerCase()))
        own[name.toLowerCase()] = deps.secrets.open(String(sealed), payload.endpointId);
    return own;
  }

  function headersOf(
    payload: SendWebhook,
    own: Record<string, string>,
    token: string | null,
    body: Buffer,
    now: number,
  ): Record<string, string> {
    const timestamp = Math.floor(now / 1000);
    return {
      ...own,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
      'user-agent': 'Cairn-Webhooks/1',
      'accept-encoding': 'identity',
      'webhook-id': payload.deliveryId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureHeader(keysOf(payload, now), payload.deliveryId, timestamp, body),
    };
  }

  async function attempt(payload: SendWebhook, traceparent: string | undefined, signal: AbortSignal) {
    const vetted = await abortable(deps.vet(payload.url), signal);
    if (!vetted.ok) throw new AttemptFault(vetted.code);
    const { endpointId, auth } = payload;
    const token = auth?.type === 'oauth2' ? await abortable(tokens.of(endpointId, auth, signal), signal) : null;
    const clientCertificate =
      auth?.type === 'mtls' ? { certificate: auth.certificate, key: deps.secrets.open(auth.key, endpointId) } : null;
    const body = Buffer.from(await renderBody(payload.template ?? null, payload.body));
    const own = ownOf(payload);
    const headers = headersOf(payload, own, token, body, deps.clock.now());
    if (traceparent !== undefined) headers[TRACEPARENT] = traceparent;
    const { url } = vetted;
    const dispatcher = deps.pools.of({ ...vetted, clientCertificate });
    const answer = await exchange(dispatcher, `${url.pathname}${url.search}`, headers, body, signal);
    if (token !== null && answer.status === 401) tokens.forget(endpointId);
    const secrets = [...Object.values(own), ...(token === null ? [] : [token])];
    if (secrets.length === 0 || !answer.responseBody) return answer;
    return { ...answer, responseBody: redact(answer.responseBody, secrets) };
  }

  return async function sendWebhook(effect, context) {
    const payload = effect.payload as SendWebhook;
    const at = deps.clock.now();
    const startedAt = deps.clock.monotonic();
    const span = startSpan('webhook.attempt', context.traceparent ?? undefined);
    const answer = await withinTime(deps.clock, context.signal, (signal) =>
      attempt(payload, span.traceparent, signal),
    ).catch((error: unknown) => {
      span.end(error);
      throw error;
    });
    const durationMs = Math.round(deps.clock.monotonic() - startedAt);
    span.set('cairn.endpoint', payload.endpointId);
    span.set('cairn.delivery', payload.deliveryId);
    span.set('cairn.attempt', payload.attempt);
    if (answer.status !== null) span.set('http.response.status_code', answer.status);
    span.end(answer.code ?? undefined);
    attempts.inc({ code: codeLabel(answer.code) });
    seconds.observe(durationMs / 1000);
    const { workspace, endpointId, deliveryId } = payload;
    const result: AttemptResult = {
      type: 'delivery.attempted',
      workspace,
      endpointId,
      deliveryId,
      attempt: payload.attempt,
      at,
      durationMs,
      ...answer,
    };
    return result;
  };
}
