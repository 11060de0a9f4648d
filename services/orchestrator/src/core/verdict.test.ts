import { describe, expect, it } from 'vitest';
import { definitionOf } from '../testkit/definition-of.ts';
import type { JourneyState } from './state.ts';
import {
  ALREADY_HANDLED_MS_MOST,
  judgedFloor,
  judgedUntil,
  mergeJudged,
  NOT_A_STALL_MS,
  withVerdict,
} from './verdict.ts';

const HOUR = 3_600_000;
const definition = definitionOf(`
stages:
  - { name: plain, stall: { after: 3 days } }
  - { name: business, stall: { after: 5 business days } }
`);
/** Monday. */
const MONDAY = Date.parse('2026-03-02T10:00:00Z');

function journeyOf(part: Partial<JourneyState>): JourneyState {
  return { stage: 'plain', stageSince: 0, inboundAt: MONDAY, ...part } as JourneyState;
}

describe('a verdict', () => {
  it('"not a stall" raises the limit of the next silences in the stage to what was judged, for 90 days', () => {
    const at = MONDAY + 100 * HOUR;
    const judged = withVerdict(definition, journeyOf({}), 'stall', 'not-a-stall', at);
    expect(judgedFloor(definition, journeyOf({ judged }))).toBeNull();
    const next = at + 5 * HOUR;
    expect(judgedFloor(definition, journeyOf({ judged, inboundAt: next }))).toBe(next + 100 * HOUR);
    expect(judgedFloor(definition, journeyOf({ judged, inboundAt: next, stage: 'business' }))).toBeNull();
    expect(judgedFloor(definition, journeyOf({ judged, inboundAt: at + NOT_A_STALL_MS }))).toBeNull();
  });

  it('counts in business days where the stage does, begun ones whole', () => {
    const journey = journeyOf({ stage: 'business' });
    const friday = Date.parse('2026-03-06T11:00:00Z');
    const judged = withVerdict(definition, journey, 'stall', 'not-a-stall', friday);
    expect(judged?.stall?.silence).toEqual({ businessDays: 5 });
  });

  it('"already handled" leaves a kind of alert alone for twice the silence and a week at most, in whatever stage', () => {
    const judged = withVerdict(definition, journeyOf({}), 'stall', 'already-handled', MONDAY + 96 * HOUR);
    const next = journeyOf({ judged, stage: 'business', inboundAt: MONDAY + 97 * HOUR });
    expect(judgedFloor(definition, next)).toBe(MONDAY + 96 * HOUR + ALREADY_HANDLED_MS_MOST);
    expect(judgedUntil(next, 'stall')).toBe(MONDAY + 96 * HOUR + ALREADY_HANDLED_MS_MOST);
    const soon = withVerdict(definition, journeyOf({}), 'stall', 'already-handled', MONDAY + 4_000);
    expect(soon?.stall?.until).toBe(MONDAY + 12_000);
    const role = withVerdict(definition, journeyOf({}), 'role-silent', 'already-handled', MONDAY + 4_000);
    expect(role?.['role-silent']?.until).toBe(MONDAY + 4_000 + ALREADY_HANDLED_MS_MOST);
    expect(judgedUntil(next, 'single-threaded')).toBeNull();
  });

  it('"real" takes back what was held back, and none changes nothing', () => {
    const judged = withVerdict(definition, journeyOf({}), 'stall', 'not-a-stall', MONDAY);
    expect(withVerdict(definition, journeyOf({ judged }), 'stall', 'real', MONDAY)).toBeUndefined();
    expect(withVerdict(definition, journeyOf({ judged }), 'stall', null, MONDAY)).toBe(judged);
  });

  it('of two journeys that become one: the newer of each kind, whichever comes first', () => {
    const a = withVerdict(definition, journeyOf({}), 'stall', 'not-a-stall', MONDAY);
    const b = withVerdict(definition, journeyOf({ judged: a }), 'role-silent', 'already-handled', MONDAY + 1);
    const c = withVerdict(definition, journeyOf({}), 'stall', 'already-handled', MONDAY + 2);
    expect(mergeJudged(b, c)).toEqual(mergeJudged(c, b));
    expect(mergeJudged(b, c)?.stall?.verdict).toBe('already-handled');
    expect(mergeJudged(undefined, a)).toBe(a);
  });
});
