import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionOf } from '../testkit/definition-of.ts';
import { touchpointOf } from '../testkit/touchpoint-of.ts';
import { advanceJourney } from './advance-journey.ts';
import { mergeJourneys, mergeSubjects, withAliases } from './merge-subjects.ts';
import type { JourneyState } from './state.ts';
import { foldPeople, newSubject, seeSubject } from './subject.ts';

const DAY = 86_400_000;
const definition = definitionOf(`
stages:
  - name: one
  - { name: two, enter: { event: Two }, stall: { after: 3 days } }
  - { name: three, enter: { event: Three }, forwardOnly: true, stall: { after: 2 days } }
outcomes: { won: { enter: { event: Won } }, lost: { enter: { event: Lost } } }
score: { engagement: { halfLife: 3 days, points: [ { name: touch, when: { direction: inbound }, add: 1 }, { name: two, when: { event: Two }, add: 5, atMost: 8 } ] } }
`);

interface Touch {
  event: string;
  at: number;
  person: string;
  direction: 'inbound' | 'outbound';
  channel: string;
}

function journeyOf(touches: readonly Touch[], journeyId: string): JourneyState {
  const subject = newSubject({ unit: 'account', id: 'acme' });
  let journey: JourneyState | null = null;
  touches.forEach(({ event, at, person, direction, channel }, i) => {
    const touchpoint = touchpointOf('ws', { at, event, messageId: `${journeyId}-${i}`, direction, channel });
    const summary = { id: person, userId: null, name: null, email: null, anonymous: false, traits: {} };
    const now = at;
    const input = { touchpoint, person: summary, account: null, seqBefore: 0, journeyId, subject, now, cause: '' };
    journey = advanceJourney(definition, journey, { type: 'touchpoint', ...input })!.journey;
  });
  return journey!;
}

const touches = fc
  .array(
    fc.record({
      event: fc.constantFrom('Two', 'Three', 'Other', 'Other', 'Won', 'Lost'),
      at: fc.integer({ min: 0, max: 30 }).map((day) => day * DAY),
      person: fc.constantFrom('ann', 'bob', 'cid'),
      direction: fc.constantFrom('inbound' as const, 'inbound' as const, 'outbound' as const),
      channel: fc.constantFrom('web', 'email', 'phone'),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) => list.sort((a, b) => a.at - b.at));

describe('two journeys that become one', () => {
  it('are the same whichever comes first', () => {
    fc.assert(
      fc.property(touches, touches, (one, other) => {
        const a = journeyOf(one, 'jrn_a');
        const b = journeyOf(other, 'jrn_b');
        expect({ ...mergeJourneys(definition, a, b).journey, id: '' }).toEqual({
          ...mergeJourneys(definition, b, a).journey,
          id: '',
        });
      }),
      { numRuns: 300 },
    );
  });

  it('count every touchpoint once, and hold every person, channel and visit of both', () => {
    fc.assert(
      fc.property(touches, touches, (one, other) => {
        const { journey } = mergeJourneys(definition, journeyOf(one, 'jrn_a'), journeyOf(other, 'jrn_b'));
        const all = [...one, ...other];
        expect(journey.touchpoints).toBe(all.length);
        expect(journey.people.reduce((sum, trace) => sum + trace.touchpoints, 0)).toBe(all.length);
        expect(new Set(journey.people.map(({ id }) => id))).toEqual(new Set(all.map(({ person }) => person)));
        expect(new Set(journey.channels)).toEqual(new Set(all.map(({ channel }) => channel)));
        const inbound = all.filter(({ direction }) => direction === 'inbound').map(({ at }) => at);
        expect(journey.inboundAt).toBe(inbound.length ? Math.max(...inbound) : null);
      }),
      { numRuns: 200 },
    );
  });

  it('are in the stage that one journey of all these touchpoints would be in', () => {
    const touch = (event: string, day: number): Touch => ({
      event,
      at: day * DAY,
      person: 'ann',
      direction: 'inbound',
      channel: 'web',
    });
    const merged = (a: Touch[], b: Touch[]) =>
      mergeJourneys(definition, journeyOf(a, 'jrn_a'), journeyOf(b, 'jrn_b')).journey;
    // A colleague who only just began does not take the account back to the start.
    expect(merged([touch('Two', 1), touch('Three', 5)], [touch('Other', 9)])).toMatchObject({
      stage: 'three',
      stageSince: 5 * DAY,
    });
    expect(merged([touch('Three', 5)], [touch('Two', 9)])).toMatchObject({ stage: 'two', stageSince: 9 * DAY });
    expect(merged([touch('Two', 1)], [touch('Three', 5)]).visits.map(([stage]) => stage)).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(merged([touch('Won', 9)], [touch('Lost', 5)])).toMatchObject({ status: 'won', endedAt: 9 * DAY });
  });
});

describe('two subjects that become one', () => {
  const person = (id: string, name: string | null = null) => ({
    id,
    userId: null,
    name,
    email: null,
    anonymous: false,
    traits: {},
  });

  it('hold the people of both, under the names that they have now', () => {
    const acme = foldPeople(
      seeSubject(newSubject({ unit: 'account', id: 'acme' }), person('ann'), null, 1),
      'anon',
      person('ann', 'Ann'),
      2,
    );
    const arriving = seeSubject(newSubject({ unit: 'person', id: 'anon' }), person('anon'), null, 3);
    expect(mergeSubjects(acme, arriving, acme.aliases!).people.map(({ id }) => id)).toEqual(['ann']);
    const journey = {
      ...journeyOf([], 'x'),
      people: [
        { id: 'anon', touchpoints: 2, inboundAt: 5 },
        { id: 'ann', touchpoints: 1, inboundAt: 9 },
      ],
    };
    expect(withAliases(journey, acme.aliases!).people).toEqual([{ id: 'ann', touchpoints: 3, inboundAt: 9 }]);
  });

  it('follow a person through two merges', () => {
    let acme = foldPeople(newSubject({ unit: 'account', id: 'acme' }), 'a', person('b'), 1);
    acme = foldPeople(acme, 'b', person('c'), 2);
    expect(acme.aliases).toEqual({ a: 'c', b: 'c' });
  });
});
