import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { asymmetricKeyText, parseSigningKey, publicKeyText, signatureHeader, symmetricKeyText } from './sign.ts';

/** The message of the published vectors, and a public key's prefix in SubjectPublicKeyInfo. */
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const AT = 1_614_265_330;
const BODY = Buffer.from('{"test": 2432232314}');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

describe('signing', () => {
  test('gives the published v1 signature', () => {
    const key = parseSigningKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(signatureHeader([key], ID, AT, BODY)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('gives the published v1a signature', () => {
    const key = parseSigningKey('whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=');
    expect(signatureHeader([key], ID, AT, BODY)).toBe(
      'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
    );
  });

  test('a v1a signature verifies with the public key that is shown, and not for another body', () => {
    const key = parseSigningKey(asymmetricKeyText(Buffer.alloc(32, 7)));
    const raw = Buffer.from(publicKeyText(key)!.slice('whpk_'.length), 'base64');
    expect(raw).toHaveLength(32);
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
    const signature = Buffer.from(signatureHeader([key], ID, AT, BODY).slice('v1a,'.length), 'base64');
    expect(verify(null, Buffer.from(`${ID}.${AT}.${BODY.toString()}`), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from(`${ID}.${AT}.{}`), publicKey, signature)).toBe(false);
  });

  test('while a rotation overlaps there is a signature of each key, and either verifies', () => {
    const texts = [symmetricKeyText(Buffer.alloc(24, 1)), symmetricKeyText(Buffer.alloc(64, 2))];
    const now = Math.floor(Date.now() / 1000);
    const header = signatureHeader(texts.map(parseSigningKey), ID, now, BODY);
    expect(header.split(' ')).toHaveLength(2);
    const headers = { 'webhook-id': ID, 'webhook-timestamp': String(now), 'webhook-signature': header };
    for (const text of texts) expect(new Webhook(text).verify(BODY.toString(), headers)).toEqual({ test: 2432232314 });
    expect(() => new Webhook(symmetricKeyText(Buffer.alloc(32, 3))).verify(BODY.toString(), headers)).toThrow();
  });

  test('signs the bytes as they are, whatever they hold', () => {
    const body = Buffer.from('{"name":"Zażółć 🪨"}');
    const key = symmetricKeyText(Buffer.alloc(32, 9));
    const now = Math.floor(Date.now() / 1000);
    const header = signatureHeader([parseSigningKey(key)], ID, now, body);
    const headers = { 'webhook-id': ID, 'webhook-timestamp': String(now), 'webhook-signature': header };
    expect(new Webhook(key).verify(body, headers)).toEqual({ name: 'Zażółć 🪨' });
  });

  test.each([
    ['23 bytes', symmetricKeyText(Buffer.alloc(23))],
    ['65 bytes', symmetricKeyText(Buffer.alloc(65))],
    ['no base64', 'whsec_!!!!'],
    ['no prefix', Buffer.alloc(32).toString('base64')],
    ['a public key', 'whpk_' + Buffer.alloc(32).toString('base64')],
    ['an ed25519 key of 33 bytes', asymmetricKeyText(Buffer.alloc(33))],
    ['an ed25519 key whose halves do not belong together', asymmetricKeyText(Buffer.alloc(64))],
    ['nothing', ''],
  ])('refuses a key of %s, without repeating it', (_what, text) => {
    const error = (() => {
      try {
        parseSigningKey(text);
      } catch (caught) {
        return (caught as Error).message;
      }
      return null;
    })();
    expect(error).not.toBeNull();
    if (text.length > 10) expect(error).not.toContain(text.slice(6));
  });

  test.each([24, 32, 64])('takes a symmetric key of %i bytes', (length) => {
    expect(parseSigningKey(symmetricKeyText(Buffer.alloc(length, 5))).scheme).toBe('v1');
  });

  test('takes an ed25519 key with its public half after the seed', () => {
    const seed = Buffer.alloc(32, 7);
    const half = Buffer.from(publicKeyText(parseSigningKey(asymmetricKeyText(seed)))!.slice(5), 'base64');
    const whole = parseSigningKey(asymmetricKeyText(Buffer.concat([seed, half])));
    expect(publicKeyText(whole)).toBe(publicKeyText(parseSigningKey(asymmetricKeyText(seed))));
  });
});
