import { createHmac, createPrivateKey, createPublicKey, createSecretKey, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Standard Webhooks 1.0 signatures: v1 is HMAC-SHA256, v1a is ed25519, over `{id}.{timestamp}.{body}`. Pure: ed25519 is deterministic.
 * Key texts: `whsec_` and `whsk_` (private), `whpk_` (public), each before base64.
 */
export type SigningKey = { scheme: 'v1'; secret: KeyObject } | { scheme: 'v1a'; privateKey: KeyObject };

/** The specification's bounds of a symmetric key. */
export const SECRET_BYTES_MIN = 24;
export const SECRET_BYTES_MAX = 64;
/** An ed25519 key's seed; a key of 64 bytes is the seed and the public key after it. */
const SEED_BYTES = 32;
/** What comes before a raw seed in PKCS #8 (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `whsec_…` or `whsk_…` → a key. Throws a plain-English fault that never holds the text. */
export function parseSigningKey(text: string): SigningKey {
  if (text.startsWith('whsec_')) {
    const secret = decodeBase64(text.slice(6));
    if (!secret || secret.length < SECRET_BYTES_MIN || secret.length > SECRET_BYTES_MAX)
      throw new Error(`must be whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes`);
    return { scheme: 'v1', secret: createSecretKey(secret) };
  }
  if (text.startsWith('whsk_')) {
    const bytes = decodeBase64(text.slice(5));
    if (!bytes || (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES))
      throw new Error('must be whsk_ and the base64 of an ed25519 key of 32 or 64 bytes');
    const privateKey = privateKeyOf(bytes.subarray(0, SEED_BYTES));
    if (bytes.length > SEED_BYTES && !bytes.subarray(SEED_BYTES).equals(rawPublicKey(privateKey)))
      throw new Error('must be an ed25519 key whose public half belongs to its seed');
    return { scheme: 'v1a', privateKey };
  }
  throw new Error('must start with whsec_ or whsk_');
}

/** Random bytes → the text of a symmetric key. */
export const symmetricKeyText = (bytes: Buffer): string => `whsec_${bytes.toString('base64')}`;

/** 32 random bytes → the text of an ed25519 key. */
export const asymmetricKeyText = (seed: Buffer): string => `whsk_${seed.toString('base64')}`;

/** `whpk_…` of an asymmetric key, null for a symmetric one. */
export function publicKeyText(key: SigningKey): string | null {
  return key.scheme === 'v1a' ? `whpk_${rawPublicKey(key.privateKey).toString('base64')}` : null;
}

/** `webhook-signature`: one signature per key, separated by spaces. `timestampSeconds` is that of `webhook-timestamp`. */
export function signatureHeader(
  keys: readonly SigningKey[],
  id: string,
  timestampSeconds: number,
  body: Buffer,
): string {
  const content = Buffer.concat([Buffer.from(`${id}.${timestampSeconds}.`), body]);
  return keys.map((key) => `${key.scheme},${signature(key, content).toString('base64')}`).join(' ');
}

function signature(key: SigningKey, content: Buffer): Buffer {
  if (key.scheme === 'v1') return createHmac('sha256', key.secret).update(content).digest();
  return signBytes(null, content, key.privateKey);
}

function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublicKey(key: KeyObject): Buffer {
  // SubjectPublicKeyInfo of ed25519 ends with the 32 bytes of the key.
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** Buffer.from forgives anything; a key must be exactly its base64. */
function decodeBase64(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : null;
}
