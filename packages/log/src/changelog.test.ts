import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, decodePosition, encodeEntry, encodePosition } from './changelog.ts';

describe('the changelog', () => {
  it('gives back every entry as it was written, values and timers', () => {
    fc.assert(
      fc.property(
        fc.option(fc.uint8Array(), { nil: null }),
        fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.double({ noNaN: true }), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
        (value, timers) => {
          const bytes = encodeEntry({ key: 'k', value, timers });
          const entry = decodeEntry('k', bytes);
          expect({ ...entry, value: entry.value && new Uint8Array(entry.value) }).toEqual({ key: 'k', value, timers });
        },
      ),
    );
  });

  it('writes a tombstone for a key that is gone, and keeps an empty value apart from none', () => {
    expect(encodeEntry({ key: 'k', value: null, timers: {} })).toBeNull();
    expect(decodeEntry('k', null)).toEqual({ key: 'k', value: null, timers: {} });
    expect(decodeEntry('k', encodeEntry({ key: 'k', value: new Uint8Array(), timers: {} })).value).toHaveLength(0);
    expect(decodeEntry('k', encodeEntry({ key: 'k', value: null, timers: { stall: 5 } }))).toEqual({
      key: 'k',
      value: null,
      timers: { stall: 5 },
    });
  });

  it('keeps offsets beyond what a number holds', () => {
    const position = { nextOffset: 9_007_199_254_740_993n, logTime: 1_764_000_000_123 };
    expect(decodePosition(encodePosition(position))).toEqual(position);
  });

  it('refuses an entry of a newer version', () => {
    expect(() => decodeEntry('k', Buffer.from([2, 0, 0, 0]))).toThrow(/newer version/);
  });
});
