import { describe, expect, it } from 'vitest';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { readTicks, tickTimes, type TickSettings } from './tick-times.ts';

function times(time: string, dates: string | null, zone: string, from: string, count = 5): string[] {
  const settings = readTicks(time, dates) as TickSettings;
  const found: string[] = [];
  for (const at of tickTimes(settings, zone, Date.parse(from))) {
    if (found.push(formatInstant(at)) === count) break;
  }
  return found;
}

describe('ticks', () => {
  it('come at the local time of each day, from the first moment on', () => {
    expect(times('12:00', null, 'Europe/Warsaw', '2026-01-05T10:00:00Z', 2)).toEqual([
      '2026-01-05T11:00:00.000Z',
      '2026-01-06T11:00:00.000Z',
    ]);
    expect(times('12:00', null, 'Europe/Warsaw', '2026-01-05T11:00:00.001Z', 1)).toEqual(['2026-01-06T11:00:00.000Z']);
  });

  it('keep the wall clock when the clocks change', () => {
    expect(times('12:00', null, 'Europe/Warsaw', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T11:00:00.000Z',
      '2026-03-29T10:00:00.000Z',
      '2026-03-30T10:00:00.000Z',
    ]);
  });

  it('take a time that a change skips after the gap, and one that comes twice once', () => {
    expect(times('02:30', '2026-03-29', 'Europe/Warsaw', '2026-03-01T00:00:00Z')).toEqual(['2026-03-29T01:30:00.000Z']);
    expect(times('02:30', '2026-10-25', 'Europe/Warsaw', '2026-03-01T00:00:00Z')).toEqual(['2026-10-25T00:30:00.000Z']);
  });

  it('come on the dates that are given, in order, each once, none before the first moment', () => {
    expect(
      times('09:00', '2012-03-31,2012-01-09..2012-01-10,2012-01-10..2012-01-11', 'UTC', '2012-01-10T00:00:00Z'),
    ).toEqual(['2012-01-10T09:00:00.000Z', '2012-01-11T09:00:00.000Z', '2012-03-31T09:00:00.000Z']);
  });

  it('say in a sentence what they cannot read', () => {
    for (const [time, dates] of [
      ['noon', null],
      ['24:00', null],
      ['12:00', '2012-02-30'],
      ['12:00', '2012-01-02..2012-01-01'],
      ['12:00', '2012-01-01..2012-01-02..2012-01-03'],
      ['12:00', ''],
    ] as const)
      expect(readTicks(time, dates)).toMatch(/^--tick/);
  });
});
