import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSecretBox, loadSecretKey } from './secrets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cairn-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('what is sealed opens again, and looks different each time', () => {
  const box = createSecretBox('key');
  const [one, two] = [box.seal('whsec_Zażółć', 'ep_1'), box.seal('whsec_Zażółć', 'ep_1')];
  expect(one).toMatch(/^v1\.[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(one).not.toBe(two);
  for (const sealed of [one, two]) expect(box.open(sealed, 'ep_1')).toBe('whsec_Zażółć');
});

test('it opens for no other key, owner or text', () => {
  const sealed = createSecretBox('key').seal('secret', 'ep_1');
  const [version, iv, tag, text] = sealed.split('.');
  expect(() => createSecretBox('other').open(sealed, 'ep_1')).toThrow();
  expect(() => createSecretBox('key').open(sealed, 'ep_2')).toThrow();
  for (const changed of [
    `${version}.${iv}.${tag}.AAAAAAAA`,
    `v2.${iv}.${tag}.${text}`,
    `${version}.${iv}.AAAA.${text}`,
    'plain',
    '',
  ])
    expect(() => createSecretBox('key').open(changed, 'ep_1')).toThrow();
});

test('the key is made on the first start, is its owner’s alone, and stays', () => {
  const nested = join(dir, 'data');
  const key = loadSecretKey(nested, null);
  expect(Buffer.from(key, 'base64url')).toHaveLength(32);
  expect(statSync(join(nested, 'secret.key')).mode & 0o777).toBe(0o600);
  expect(loadSecretKey(nested, null)).toBe(key);
});

test('a key of the environment comes first and is not written down', () => {
  expect(loadSecretKey(dir, 'given')).toBe('given');
  expect(() => readFileSync(join(dir, 'secret.key'))).toThrow();
});

test('an empty key file stops the start', () => {
  writeFileSync(join(dir, 'secret.key'), '');
  expect(() => loadSecretKey(dir, null)).toThrow('empty');
});
