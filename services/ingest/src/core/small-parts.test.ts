import { describe, expect, it } from 'vitest';
import { isBot } from './bot.ts';
import { isTooLarge, TOUCHPOINT_BYTES_MAX } from './measure.ts';
import { createRecentIds } from './recent-ids.ts';
import { REFUSAL_REASONS } from './refusals.ts';

describe('the list of refusals', () => {
  it('is the one of the API, closed', () => {
    expect([...REFUSAL_REASONS].sort()).toEqual(
      [
        'malformed-json',
        'not-an-object',
        'too-large',
        'batch-too-long',
        'missing-type',
        'unknown-type',
        'missing-identity',
        'missing-event',
        'missing-group',
        'invalid-timestamp',
        'schema-violation',
      ].sort(),
    );
  });
});

describe('bots', () => {
  it('are told by their agent, the same at every asking', () => {
    for (let i = 0; i < 2; i++) {
      expect(isBot('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')).toBe(true);
      expect(
        isBot(
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
        ),
      ).toBe(false);
      expect(isBot(undefined)).toBe(false);
      expect(isBot(5)).toBe(false);
    }
  });
  it('are told of an endless agent by its start', () => expect(isBot(`Googlebot ${'x'.repeat(1_000_000)}`)).toBe(true));
});

describe('the size of an item', () => {
  const ofBytes = (bytes: number): unknown => ({ p: 'x'.repeat(bytes - 8) });
  it('is measured to the byte', () => {
    expect(isTooLarge(ofBytes(TOUCHPOINT_BYTES_MAX))).toBe(false);
    expect(isTooLarge(ofBytes(TOUCHPOINT_BYTES_MAX + 1))).toBe(true);
  });
  it('counts bytes, not characters', () => {
    expect(isTooLarge({ p: 'ż'.repeat(17_000) })).toBe(true);
    expect(isTooLarge({ p: 'ż'.repeat(16_000) })).toBe(false);
  });
  it('counts what escapes need', () => expect(isTooLarge({ p: '\u0001'.repeat(6_000) })).toBe(true));
  it('takes an item that is nested too deep to be written as too large', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(isTooLarge(deep)).toBe(true);
  });
});

describe('recent ids', () => {
  it('knows an id again', () => {
    const ids = createRecentIds();
    expect([ids.seen('a'), ids.seen('b'), ids.seen('a')]).toEqual([false, false, true]);
  });
  it('remembers at least the last generation and forgets the one before', () => {
    const ids = createRecentIds(2);
    for (const id of ['a', 'b', 'c']) ids.seen(id);
    expect(ids.seen('a')).toBe(true);
    for (const id of ['d', 'e', 'f', 'g']) ids.seen(id);
    expect(ids.seen('a')).toBe(false);
  });
  it('is bounded in characters too', () => {
    const ids = createRecentIds(1_000, 10);
    for (const id of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) ids.seen(id);
    expect(ids.seen('aaaaaaaa')).toBe(false);
  });
});
