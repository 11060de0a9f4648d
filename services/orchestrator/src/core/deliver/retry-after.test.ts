import { expect, test } from 'vitest';
import { readRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(2026, 0, 31, 8, 0, 0);

test.each([
  ['120', 120_000],
  ['0', 0],
  [' 7 ', 7_000],
  ['Sat, 31 Jan 2026 08:01:00 GMT', 60_000],
  ['Sat, 31 Jan 2026 07:00:00 GMT', null],
  ['-5', null],
  ['1.5', null],
  ['1e9', null],
  ['soon', null],
  ['', null],
  ['2036-01-31', null],
  ['99999999999999999999', null],
  [null, null],
])('Retry-After %j is %j ms', (header, ms) => {
  expect(readRetryAfter(header, NOW)).toBe(ms);
});
