import { expect, test } from 'vitest';
import { isKept } from './kept.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 0, 31, 8);
const attempt = { at: '2026-01-31T08:00:00.000Z', status: 200, code: null, durationMs: 20, responseBody: null };

test.each([
  ['delivered', 23, true],
  ['delivered', 25, false],
  ['exhausted', 25, true],
  ['exhausted', 7 * 24 - 1, true],
  ['exhausted', 7 * 24 + 1, false],
  ['pending', 30 * 24, true],
] as const)('what is %s can be sent again %i hours later: %s', (state, hours, kept) => {
  expect(isKept({ state, attempts: [attempt] }, AT + hours * HOUR)).toBe(kept);
});
