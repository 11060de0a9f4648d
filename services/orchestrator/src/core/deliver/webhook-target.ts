import { isAddress, isForbiddenAddress } from './forbidden-address.ts';

/**
 * Reads an endpoint's URL: may a webhook be sent there at all, as far as the text alone can say? Names still have to be resolved and
 * each address vetted (shell/vet-address.ts). Every forbidden target gets the same answer.
 */
export type Target =
  | {
      ok: true;
      url: URL;
      /** Without brackets. */
      host: string;
      port: number;
      /** On the operator's list: nothing more is checked. */
      listed: boolean;
      /** Whether `host` is an address (vetted already) or a name. */
      literal: boolean;
    }
  | { ok: false; fault: string };

export const URL_LENGTH_MAX = 2_048;
const PORTS: ReadonlySet<number> = new Set([443, 8443]);
/** Names that never lead outside. */
const INNER_NAMES = /^(.*\.)?(localhost|local|internal|intranet|lan|home\.arpa|onion|test|invalid|localdomain)$/;

export const FORBIDDEN = 'is not a target that webhooks may be sent to';

/** `allow`: the operator's `host:port` entries. Faults are plain English and hold nothing of the URL. */
export function readTarget(text: string, allow: readonly string[]): Target {
  if (text.length > URL_LENGTH_MAX) return fault(`is longer than ${URL_LENGTH_MAX} characters`);
  const url = URL.parse(text);
  if (!url || /[\s\\]/.test(text)) return fault('is no absolute URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return fault('must start with https://');
  // Also an empty one, which `URL` forgets.
  if (url.username !== '' || url.password !== '' || /^[^:]*:\/*[^/?#]*@/.test(text))
    return fault('must not hold a user name or password');
  if (url.hash !== '' || text.includes('#')) return fault('must not have a fragment');
  const name = url.hostname.replace(/\.$/, '');
  // The dot of a whole name has no place in the Host header nor in TLS's SNI.
  if (name !== url.hostname && name !== '') url.hostname = name;
  const host = name.replace(/^\[|\]$/g, '');
  if (host === '') return fault('has no host');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const literal = isAddress(host);
  if (allow.some((entry) => normalise(entry) === `${name}:${port}`))
    return { ok: true, url, host, port, listed: true, literal };
  if (url.protocol === 'http:') return fault('must start with https://');
  if (!PORTS.has(port) || INNER_NAMES.test(host) || !host.includes(literal ? '' : '.')) return fault(FORBIDDEN);
  if (literal && isForbiddenAddress(host)) return fault(FORBIDDEN);
  return { ok: true, url, host, port, listed: false, literal };
}

/** `Host:Port` as `URL` would spell it. */
function normalise(entry: string): string {
  const colon = entry.lastIndexOf(':');
  const parsed = URL.parse(`http://${entry.slice(0, colon)}/`);
  return `${(parsed?.hostname ?? entry.slice(0, colon)).replace(/\.$/, '')}:${Number(entry.slice(colon + 1))}`;
}

function fault(text: string): Target {
  return { ok: false, fault: text };
}
