import { describe, expect, test } from 'vitest';
import { isForbiddenAddress } from './forbidden-address.ts';
import { FORBIDDEN, readTarget } from './webhook-target.ts';

describe('every spelling of a forbidden target gets the same answer', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://１２７．０．０．１/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://192.0.0.1/',
    'https://192.0.2.1/',
    'https://192.88.99.1/',
    'https://198.18.0.1/',
    'https://198.19.255.255/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://224.0.0.1/',
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::1]/',
    'https://[100::1]/',
    'https://[2001::1]/',
    'https://[2001:2::1]/',
    'https://[2001:10::1]/',
    'https://[2001:20::1]/',
    'https://[2001:db8::1]/',
    'https://[2002:7f00:1::]/',
    'https://[3fff::1]/',
    'https://[5f00::1]/',
    'https://[fc00::1]/',
    'https://[fd12:3456::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://intranet/',
    'https://example.com:22/',
    'https://example.com:8080/',
    'https://8.8.8.8:6379/',
  ])('%s', (url) => {
    expect(readTarget(url, [])).toEqual({ ok: false, fault: FORBIDDEN });
  });
});

test.each([
  'https://example.com/hook?x=1',
  'https://example.com:443/',
  'https://example.com:8443/',
  'https://8.8.8.8/',
  'https://[2606:4700::1111]/',
  'https://hooks.exämple.com/',
  'https://example.com/hook/@me?to=a@b.example',
])('%s is fine', (url) => {
  expect(readTarget(url, []).ok).toBe(true);
});

test.each([
  ['http://example.com/', 'must start with https://'],
  ['ftp://example.com/', 'must start with https://'],
  ['https://user:pass@example.com/', 'must not hold a user name or password'],
  ['https://user@example.com/', 'must not hold a user name or password'],
  ['https://@example.com/', 'must not hold a user name or password'],
  ['https://:@example.com/', 'must not hold a user name or password'],
  ['https://example.com/#top', 'must not have a fragment'],
  ['https://example.com/#', 'must not have a fragment'],
  [`https://example.com/${'x'.repeat(2_048)}`, 'is longer than 2048 characters'],
  ['example.com', 'is no absolute URL'],
  ['https://', 'is no absolute URL'],
  ['https://exa mple.com/', 'is no absolute URL'],
  ['https:\\\\example.com', 'is no absolute URL'],
  ['', 'is no absolute URL'],
])('%s is refused: %s', (url, fault) => {
  expect(readTarget(url, [])).toEqual({ ok: false, fault });
});

test('the dot of a whole name does not go into the Host header', () => {
  expect(readTarget('https://example.com./x', [])).toMatchObject({
    ok: true,
    host: 'example.com',
    url: { host: 'example.com' },
  });
});

describe('the operator’s list', () => {
  test.each([
    ['http://127.0.0.1:9000/hook', '127.0.0.1:9000'],
    ['http://2130706433:9000/hook', '127.0.0.1:9000'],
    ['http://[::1]:9000/', '[::1]:9000'],
    ['http://[0:0:0:0:0:0:0:1]:9000/', '[::1]:9000'],
    ['http://localhost:9000/', 'LocalHost:9000'],
    ['http://receiver:80/', 'receiver:80'],
    ['https://receiver/', 'receiver:443'],
  ])('%s is allowed by %s', (url, entry) => {
    expect(readTarget(url, [entry])).toMatchObject({ ok: true, listed: true });
  });

  test.each([
    ['http://127.0.0.1:9001/', '127.0.0.1:9000', 'must start with https://'],
    ['https://127.0.0.1:9001/', '127.0.0.1:9000', FORBIDDEN],
    ['http://127.0.0.2:9000/', '127.0.0.1:9000', 'must start with https://'],
    ['http://user@127.0.0.1:9000/', '127.0.0.1:9000', 'must not hold a user name or password'],
  ])('%s is not allowed by %s', (url, entry, fault) => {
    expect(readTarget(url, [entry])).toEqual({ ok: false, fault });
  });
});

test.each(['', 'example.com', '1.2.3', '1.2.3.4.5', '256.1.1.1', '::1::', 'g::1', '1:2:3:4:5:6:7:8:9', '2606:4700::%'])(
  '%j is no address, and so forbidden',
  (text) => {
    expect(isForbiddenAddress(text)).toBe(true);
  },
);

test.each(['1.1.1.1', '8.8.8.8', '100.128.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001:830::200e'])(
  '%s is public',
  (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  },
);
