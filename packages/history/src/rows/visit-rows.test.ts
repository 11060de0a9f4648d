import { describe, expect, it } from 'vitest';
import { encodeJson } from '@cairn/contracts/json.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { factsOf } from '../testkit/journey-rows.ts';
import { plainJourneys } from '../testkit/plain-figures.ts';
import { rowsOf } from './rows-of.ts';
import { valuesOf } from './value-rows.ts';

const HOUR = 3_600_000;
const RULES = { stages: ['one', 'two'], enters: { Ask: 'two' }, won: ['Sign'], lost: [] };
const PLACE = { workspace: 'w', definition: 'd' };
const events = ['View', 'View', 'Ask', 'Mail', 'Sign'];
const [journey] = plainJourneys(
  events.map((event, i) => ({
    journey: 'j',
    at: (i + 1) * HOUR,
    event,
    channel: 'web',
    direction: 'inbound' as const,
  })),
  RULES,
);
const facts = factsOf(PLACE, journey!);

function tablesOf(fact: JourneyChanged): string[] {
  const record = { topic: 'journeys', partition: 0, offset: 1n, at: 1, key: 'k', value: encodeJson(fact), headers: {} };
  return rowsOf(record).map(({ table }) => table);
}

describe('the visits of a journey in the history', () => {
  it('have a row where they may have moved: at the beginning, with a stage, with an outcome, and with no touchpoint at all', () => {
    expect(facts.map((fact) => tablesOf(fact).includes('journey_visits'))).toEqual([true, false, true, false, true]);
    expect(tablesOf({ ...facts[3]!, touchpoint: null })).toContain('journey_visits');
  });

  it('are built anew for a touchpoint from before the stage, for a stage that came late, and for both of two that become one', () => {
    const rebuilt = (fact: JourneyChanged): number =>
      tablesOf(fact).filter((table) => table === 'journey_rebuilds').length;
    expect(facts.map(rebuilt)).toEqual([0, 0, 0, 0, 0]);
    const early = new Date(HOUR / 2).toISOString();
    expect(rebuilt({ ...facts[3]!, touchpoint: { ...facts[3]!.touchpoint!, timestamp: early } })).toBe(1);
    const later = { ...facts[2]!.journey.pace, lastOutboundAt: new Date(9 * HOUR).toISOString() };
    expect(rebuilt({ ...facts[2]!, journey: { ...facts[2]!.journey, pace: later } })).toBe(1);
    const gone = { ...facts[3]!.journey, status: 'absorbed' as const, absorbedInto: 'jrn_other' };
    expect(rebuilt({ ...facts[3]!, events: ['absorbed'], touchpoint: null, journey: gone })).toBe(2);
  });
});

describe('figures in the properties of a touchpoint', () => {
  it.each([
    [
      { csat: 4, NPS: '10', Ces: 7, sentiment: -0.5 },
      [
        ['csat', 4],
        ['nps', 10],
        ['ces', 7],
        ['sentiment', -0.5],
      ],
    ],
    [{ sentiment: ' Positive ' }, [['sentiment', 1]]],
    [{ csat: 6, nps: -1, ces: 0, sentiment: 'meh', revenue: 'much' }, []],
    [{ csat: null, nps: true, ces: '', sentiment: [] }, []],
    [{ revenue: 12.5, total: 99 }, [['revenue', 12.5]]],
  ])('%j are %j', (properties, found) => {
    expect(valuesOf('Survey Answered', properties)).toEqual(found);
  });

  it('take the total of an order for its revenue, and of nothing else', () => {
    expect(valuesOf('Order Completed', { total: '99' })).toEqual([['revenue', 99]]);
    expect(valuesOf('Cart Viewed', { total: 99 })).toEqual([]);
  });
});
