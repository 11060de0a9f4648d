import type { IncomingMessage } from 'node:http';
import type { Clock } from '@cairn/clock/clock.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';

/**
 * Whose touchpoints a request brings: the workspace of its write key, from Basic (`writeKey:`), Bearer, or the body. Answers are
 * kept by header, because hashing the key for each request costs more than the rest of it; any change of a token empties them.
 */
export interface WriteKeys {
  /** The workspace; null: the header names no valid key; undefined: there is no header. */
  ofHeader(request: IncomingMessage): string | null | undefined;
  ofKey(key: unknown): string | null;
  stop(): void;
}

/** More than the keys of a busy installation; a client may send as many wrong ones as it likes, so only right ones are kept. */
const KEPT_MAX = 1_000;

export function createWriteKeys(control: ControlMirror, clock: Clock): WriteKeys {
  const kept = new Map<string, { workspace: string; expiresAt: number }>();
  const stop = control.onChange((change) => {
    if (change.type === 'token.put' || change.type === 'token.withdrawn') kept.clear();
  });

  function resolve(cacheAs: string, key: string): string | null {
    const now = clock.now();
    const known = kept.get(cacheAs);
    if (known && known.expiresAt > now) return known.workspace;
    const grant = control.grantOf(key, now);
    if (!grant?.scopes.has('ingest')) return null;
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(cacheAs, { workspace: grant.workspace, expiresAt: grant.expiresAt ?? Infinity });
    return grant.workspace;
  }

  return {
    ofHeader(request) {
      const header = request.headers.authorization;
      if (header === undefined) return undefined;
      const known = kept.get(header);
      if (known && known.expiresAt > clock.now()) return known.workspace;
      const key = keyOfHeader(header);
      // `Basic Og==`, an empty key: some SDKs send it and put the key into the body.
      return key === '' ? undefined : resolve(header, key);
    },
    ofKey: (key) => (typeof key === 'string' ? resolve(`key ${key}`, key) : null),
    stop,
  };
}

/** The key of `Basic base64(key:)` or `Bearer key`; empty when there is none. */
function keyOfHeader(header: string): string {
  const [scheme = '', value = ''] = header.trim().split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(0, colon);
}
