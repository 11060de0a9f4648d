import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('a duration', () => {
  const read: [string, unknown][] = [
    ['250ms', { ms: 250 }],
    ['5s', { ms: 5_000 }],
    ['5m', { ms: 300_000 }],
    ['2h', { ms: 7_200_000 }],
    ['3d', { ms: 259_200_000 }],
    ['1w', { ms: 604_800_000 }],
    ['5 seconds', { ms: 5_000 }],
    ['1 second', { ms: 1_000 }],
    ['1 minute', { ms: 60_000 }],
    ['30 minutes', { ms: 1_800_000 }],
    ['24 hours', { ms: 86_400_000 }],
    ['3 days', { ms: 259_200_000 }],
    ['2 weeks', { ms: 1_209_600_000 }],
    ['1.5 hours', { ms: 5_400_000 }],
    ['  5   Business  Days ', { businessDays: 5 }],
    ['1 business day', { businessDays: 1 }],
    ['0', { ms: 0 }],
    ['0s', { ms: 0 }],
  ];
  it.each(read)('reads %j', (text, expected) => expect(parseDuration(text)).toEqual(expected));

  const refused = [
    '',
    '5',
    's',
    '-5s',
    '5 parsecs',
    'five days',
    '1e3s',
    '1h 30m',
    '0.5 business days',
    '5 business hours',
    '3 days days',
    '99999999999 days',
    '99999 business days',
    'constructor',
    '5 constructor',
    'Infinity s',
  ];
  it.each(refused)('does not read %j', (text) => expect(parseDuration(text)).toBeNull());
});
