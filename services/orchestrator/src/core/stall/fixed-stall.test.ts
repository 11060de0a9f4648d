import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../testkit/definition-of.ts';
import { NO_PAUSES, normalPauseMs, stallDeadline, tellStall, withPause } from './fixed-stall.ts';

const definition = definitionOf(`
timezone: Europe/Warsaw
stages:
  - { name: none }
  - { name: plain, stall: { after: 3 days } }
  - { name: business, stall: { after: 5 business days } }
`);
const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;

describe('a stall', () => {
  it('is counted from the last inbound touchpoint, or from entry into the stage where that is later', () => {
    const entered = at('2026-03-02T10:00:00Z');
    expect(stallDeadline(definition, { stage: 'plain', stageSince: entered, inboundAt: null })).toBe(
      entered + 72 * HOUR,
    );
    expect(stallDeadline(definition, { stage: 'plain', stageSince: entered, inboundAt: entered + HOUR })).toBe(
      entered + 73 * HOUR,
    );
    expect(stallDeadline(definition, { stage: 'plain', stageSince: entered, inboundAt: entered - HOUR })).toBe(
      entered + 72 * HOUR,
    );
  });

  it('in business days leaves out the days off', () => {
    const friday = at('2026-03-06T14:00:00Z');
    expect(stallDeadline(definition, { stage: 'business', stageSince: 0, inboundAt: friday })).toBe(
      at('2026-03-13T14:00:00Z'),
    );
  });

  it('never comes in a stage without a limit, nor in one that is gone', () => {
    for (const stage of ['none', 'gone'])
      expect(stallDeadline(definition, { stage, stageSince: 0, inboundAt: 5 })).toBeNull();
  });

  it('is told in one sentence with the figures', () => {
    const inboundAt = at('2026-03-06T14:00:00Z');
    const journey = { stage: 'business', stageSince: 0, inboundAt, pauses: [10, 10 * 60 * HOUR, 21] as const };
    expect(tellStall(definition, journey, at('2026-03-16T14:00:00Z'))).toEqual({
      text: 'No reply for 6 business days; 2.1 is normal here',
      silentFor: 'P10D',
      normalPause: 'P2DT12H',
    });
    expect(tellStall(definition, { ...journey, pauses: NO_PAUSES }, at('2026-03-13T14:00:00Z')).text).toBe(
      'No reply for 5 business days; the limit in business is 5 business days',
    );
    const since = at('2026-03-02T10:00:00Z');
    expect(
      tellStall(
        definition,
        { stage: 'plain', stageSince: since, inboundAt: null, pauses: [4, 4 * 20 * HOUR, 0] },
        since + 73 * HOUR,
      ).text,
    ).toBe('No reply for 3 days since entering plain; 20 hours is normal here');
  });

  it('calls a normal pause the mean of those between visits, once there are two', () => {
    let pauses = withPause(definition, NO_PAUSES, null, 0);
    pauses = withPause(definition, pauses, 0, 60_000);
    expect(normalPauseMs(pauses)).toBeNull();
    pauses = withPause(definition, pauses, 0, 10 * HOUR);
    expect(normalPauseMs(pauses)).toBeNull();
    pauses = withPause(definition, pauses, 10 * HOUR, 40 * HOUR);
    expect(normalPauseMs(pauses)).toBe(20 * HOUR);
  });
});
