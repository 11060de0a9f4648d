import { describe, expect, it } from 'vitest';
import type { Condition } from '@cairn/contracts/generated/journey-definition.ts';
import { eventsAskedFor } from './event-index.ts';

const asked = (condition: Condition): unknown[] | null => {
  const events = eventsAskedFor(condition);
  return events && [...events];
};

describe('the events that a condition asks for', () => {
  it('are those that it names', () => {
    expect(asked({ event: 'Demo Requested' })).toEqual(['Demo Requested']);
    expect(asked({ event: ['A', 'B'], where: { 'properties.plan': 'team' } })).toEqual(['A', 'B']);
    expect(asked({ event: { in: ['A', 'B'] } })).toEqual(['A', 'B']);
  });

  it('are any, where it does not say, or says it by a pattern or by what it is not', () => {
    expect(asked({ direction: 'inbound' })).toBeNull();
    expect(asked({ event: { startsWith: 'Demo' } })).toBeNull();
    expect(asked({ event: { ne: 'A' } })).toBeNull();
    expect(asked({ not: { event: 'A' } })).toBeNull();
    expect(asked({ where: { 'touchpoint.event': 'A' } })).toBeNull();
  });

  it('are those of one part where all must hold, of every part where any may', () => {
    expect(asked({ all: [{ type: 'track' }, { event: 'A' }] })).toEqual(['A']);
    expect(asked({ any: [{ event: 'A' }, { all: [{ event: ['B', 'C'] }] }] })).toEqual(['A', 'B', 'C']);
    expect(asked({ any: [{ event: 'A' }, { type: 'page' }] })).toBeNull();
  });

  it('are none where there is no condition', () => {
    expect(eventsAskedFor(undefined)?.size).toBe(0);
  });
});
