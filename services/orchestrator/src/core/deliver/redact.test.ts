import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test('what was sent as a secret is taken out wherever it stands, as JSON and URLs write it too', () => {
  const secret = 'pa"ss word/1';
  const echo = `plain ${secret}, json ${JSON.stringify({ secret })}, url ?k=${encodeURIComponent(secret)}`;
  expect(redact(echo, [secret])).toBe('plain [redacted], json {"secret":"[redacted]"}, url ?k=[redacted]');
});

test('what was cut within a secret does not show its beginning', () => {
  expect(redact('x-api-key: abcdefgh', ['abcdefghijkl'])).toBe('x-api-key: [redacted]');
});

test('an answer without secrets stays as it is, and short values are none', () => {
  expect(redact('no such thing', ['not here', 'no'])).toBe('no such thing');
});
