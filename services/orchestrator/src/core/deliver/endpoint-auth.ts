import { readTarget } from './webhook-target.ts';

/** How an endpoint wants us to show who we are, beside the signature: as a person sends it, secrets not sealed yet. */
export type AuthInput =
  | { type: 'oauth2'; tokenUrl: string; clientId: string; clientSecret: string; scope: string | null }
  | { type: 'mtls'; certificate: string; key: string };

const TEXT_MAX = 1_024;
/** A chain of certificates is some kilobytes. */
const PEM_MAX = 32_768;

export function readAuth(
  value: unknown,
  allow: readonly string[],
  fault: (path: string, message: string) => void,
): AuthInput | null | undefined {
  if (value === null) return null;
  const given = (typeof value === 'object' ? value : {}) as Record<string, unknown>;
  const text = (name: string, most: number): string | undefined => {
    const found = given[name];
    if (typeof found === 'string' && found !== '' && found.length <= most) return found;
    fault(`auth.${name}`, `must be text of 1 to ${most} characters`);
    return undefined;
  };
  if (given['type'] === 'mtls') {
    const certificate = text('certificate', PEM_MAX);
    const key = text('key', PEM_MAX);
    return certificate !== undefined && key !== undefined ? { type: 'mtls', certificate, key } : undefined;
  }
  if (given['type'] === 'oauth2') {
    const tokenUrl = text('tokenUrl', TEXT_MAX);
    const clientId = text('clientId', TEXT_MAX);
    const clientSecret = text('clientSecret', TEXT_MAX);
    const scope = given['scope'] === undefined || given['scope'] === null ? null : text('scope', TEXT_MAX);
    if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined || scope === undefined)
      return undefined;
    const target = readTarget(tokenUrl, allow);
    if (!target.ok) return void fault('auth.tokenUrl', target.fault);
    return { type: 'oauth2', tokenUrl: target.url.href, clientId, clientSecret, scope };
  }
  return void fault('auth.type', 'must be oauth2 or mtls');
}
