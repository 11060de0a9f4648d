import { describe, expect, it } from 'vitest';
import { amountOf, businessAmountOf, durationInWords, inWords, inWordsBeside } from './in-words.ts';

const HOUR = 3_600_000;

describe('a length of time', () => {
  const table: [ms: number, words: string][] = [
    [0, '0 seconds'],
    [1_000, '1 second'],
    [59_000, '59 seconds'],
    [59_970, '1 minute'],
    [90_000, '1.5 minutes'],
    [59.97 * 60_000, '1 hour'],
    [HOUR, '1 hour'],
    [90 * 60_000, '1.5 hours'],
    [24 * HOUR, '24 hours'],
    [47.97 * HOUR, '2 days'],
    [60 * HOUR, '2.5 days'],
  ];
  it.each(table)('of %d ms is told as %s', (ms, words) => expect(inWords(amountOf(ms))).toBe(words));

  it('in business days is told in hours while it is less than one, on one day', () => {
    expect(inWords(businessAmountOf(0.01, 20 * 60_000))).toBe('20 minutes');
    expect(inWords(businessAmountOf(1, 24 * HOUR))).toBe('1 business day');
    expect(inWords(businessAmountOf(0.5, 60 * HOUR))).toBe('0.5 business days');
  });

  it('of a definition is told in words, however it is written there', () => {
    const written = ['5s', '5d', '1 day', '24 hours', '60m', '1 business day', '10 business days', 'soon'];
    const told = ['5 seconds', '5 days', '1 day', '1 day', '1 hour', '1 business day', '10 business days', 'soon'];
    expect(written.map(durationInWords)).toEqual(told);
  });

  it('names its unit only where the other has another', () => {
    const silence = { count: 6, unit: 'business day' } as const;
    expect(inWordsBeside({ count: 2.1, unit: 'business day' }, silence)).toBe('2.1');
    expect(inWordsBeside({ count: 1, unit: 'hour' }, silence)).toBe('1 hour');
  });
});
