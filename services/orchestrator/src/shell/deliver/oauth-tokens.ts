import type { Clock } from '@cairn/clock/clock.ts';
import type { OAuthClient } from '@cairn/contracts/generated/control.ts';
import type { Dispatcher } from 'undici';
import { AttemptFault, CUT_BYTES } from './exchange.ts';
import type { SecretBox } from './secrets.ts';
import type { VetTarget } from './vet-address.ts';
import type { WebhookPools } from './webhook-pools.ts';

/** Access tokens of endpoints that ask for OAuth2 client credentials: fetched once, kept until shortly before they expire. */
export interface OAuthTokens {
  /** Rejects with `AttemptFault` where the token endpoint refuses, and as the request does where it cannot be reached. */
  of(endpointId: string, auth: OAuthClient, signal: AbortSignal): Promise<string>;
  /** The endpoint refused it: the next attempt fetches another. */
  forget(endpointId: string): void;
}

/** A token is not used in its last seconds: it must still be valid when it arrives. */
const MARGIN_MS = 30_000;
/** Where the answer names no time. */
const DEFAULT_SECONDS = 300;
const KEPT_MAX = 10_000;

export function createOAuthTokens(deps: {
  clock: Pick<Clock, 'now'>;
  secrets: SecretBox;
  vet: VetTarget;
  pools: WebhookPools;
}): OAuthTokens {
  const kept = new Map<string, { auth: string; token: string; until: number }>();

  async function fetchToken(endpointId: string, auth: OAuthClient, signal: AbortSignal) {
    const vetted = await deps.vet(auth.tokenUrl);
    if (!vetted.ok) throw new AttemptFault(vetted.code);
    const secret = deps.secrets.open(auth.clientSecret, endpointId);
    const response = await deps.pools.of(vetted).request({
      method: 'POST',
      path: `${vetted.url.pathname}${vetted.url.search}`,
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(auth.clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        'accept-encoding': 'identity',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(auth.scope ? { scope: auth.scope } : {}),
      }).toString(),
      signal,
    });
    const text = await readText(response.body);
    if (response.statusCode !== 200) throw new AttemptFault(`http_${response.statusCode}`);
    const { access_token: token, expires_in: seconds } = parse(text);
    // A refusal without a status of its own.
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new AttemptFault('http_401');
    return { token, seconds: typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_SECONDS };
  }

  return {
    async of(endpointId, auth, signal) {
      const key = JSON.stringify(auth);
      const known = kept.get(endpointId);
      const now = deps.clock.now();
      if (known && known.auth === key && known.until > now) return known.token;
      const { token, seconds } = await fetchToken(endpointId, auth, signal);
      if (kept.size >= KEPT_MAX) kept.clear();
      kept.set(endpointId, { auth: key, token, until: now + seconds * 1_000 - MARGIN_MS });
      return token;
    },
    forget: (endpointId) => void kept.delete(endpointId),
  };
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > CUT_BYTES) throw new AttemptFault('response_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): { access_token?: unknown; expires_in?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { access_token?: unknown };
  } catch {
    return {};
  }
}
