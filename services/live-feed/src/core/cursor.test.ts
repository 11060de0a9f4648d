import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, isBefore } from './cursor.ts';

test('every position survives its text, and the text fits a URL, a header and an SSE id', () => {
  const offsets = fc.dictionary(fc.nat(1_023).map(String), fc.bigInt(0n, 2n ** 63n - 1n), { maxKeys: 12 });
  fc.assert(
    fc.property(offsets, fc.nat(1), fc.constantFrom('journey', 'board', 'alerts', 'ops'), (given, sub, kind) => {
      const position = { offsets: new Map(Object.entries(given).map(([p, o]) => [Number(p), o])), sub };
      const text = encodeCursor(kind, 'epoch_1-x', position);
      expect(text).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(decodeCursor(text)).toEqual({ kind, epoch: 'epoch_1-x', position });
    }),
  );
});

test.each([
  '',
  'x',
  'b.e',
  'b.e.0-1',
  'q.e.0-1.0',
  'b..0-1.0',
  'b.e.0-1.0.9',
  'b.e.0-1.x',
  'b.e.0.0',
  'b.e.0-1_0-2.0',
  'b.e.99999-1.0',
  'b.e.0-zzzzzzzzzzzzz.0',
  'b.e.0-1.0\n',
  'b.e.-1.0',
])('%j is no cursor', (text) => {
  expect(decodeCursor(text)).toBeNull();
});

test('random text never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void decodeCursor(text)));
});

test('a frame is behind a position when its record is, or when it is an earlier frame of the record that comes next', () => {
  const position = { offsets: new Map([[0, 7n]]), sub: 1 };
  expect(isBefore(0, 6n, 1, position)).toBe(true);
  expect(isBefore(0, 7n, 0, position)).toBe(true);
  expect(isBefore(0, 7n, 1, position)).toBe(false);
  expect(isBefore(0, 8n, 0, position)).toBe(false);
  expect(isBefore(1, 0n, 0, position)).toBe(false);
});
