import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JOURNEY_PLACES, packStored, packSubject, unpackStored, unpackSubject } from './packed-subject.ts';
import type { JourneyState, SubjectState } from './state.ts';

const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(packStored(value)));

const time = fc.oneof(fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }), fc.constant(1_700_000_000_000.5));
const text = fc.string({ maxLength: 12 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const touchId = fc.oneof(
  text,
  text.map((tail) => `tp_${tail}`),
  fc.constant('tp_!x'),
  fc.constant('!tp_x'),
);
const personId = fc.constantFrom('ann', 'ben', 'eve', 'nobody-in-the-list');
const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((value) => value + 0);

const item = {
  id: 'tp_1',
  messageId: 'm1',
  type: 'track',
  event: 'Demo Requested',
  timestamp: '2026-01-05T10:00:00.000Z',
  receivedAt: '2026-01-05T10:00:00.000Z',
  direction: 'inbound',
  channel: null,
  personId: 'ann',
  accountId: 'acc_1',
  properties: { plan: 'team' },
};
const reason = {
  text: 'No reply for 6 business days',
  silentFor: 'P8D',
  normalPause: null,
  probability: null,
  quietPersonId: 'ann',
  lastTouchpoints: [item, { ...item, more: 1 }],
};
/** The second has a key that this Cairn does not know, the third lacks one. */
const alert = fc
  .constantFrom(...[reason, { ...reason, more: 1 }, { text: 'Quiet', lastTouchpoints: [] }])
  .map((because) => ({
    id: 'alr_1',
    kind: 'stall',
    stage: 'evaluation',
    state: 'open',
    openedAt: 1_700_000_000_000,
    reason: because,
    snoozedUntil: null,
    verdict: null,
    resolvedBy: null,
    history: [[1_700_000_000_000, 'open', null]],
  }));
const action: NonNullable<NonNullable<JourneyState['outreach']>['action']> = {
  id: 'act_1',
  name: 'call-champion',
  version: 1,
  state: 'requested',
  alertId: 'alr_1',
  alertKind: 'stall',
  stage: 'evaluation',
  personId: null,
  play: null,
  chosenAt: 1_700_000_000_000,
  requestAt: null,
  requestedAt: 1_700_000_000_000,
  expiresAt: null,
  snoozedUntil: null,
  texts: { title: 'Call' },
  propensity: 0.5,
  arms: [['wait', 0.5, null]],
  policy: 'p1',
  by: 'policy',
};

const asked = fc.oneof(
  fc.record({ at: time, owner: text }),
  fc.record({ at: time, owner: text, granted: fc.constant(true as const) }),
);

const journey: fc.Arbitrary<JourneyState> = fc.record({
  id: text,
  version: fc.nat(),
  seq: fc.nat(),
  startedAt: time,
  stage: text,
  stageSince: time,
  visits: fc.array(fc.tuple(text, time, maybe(time), maybe(touchId)), { minLength: 1, maxLength: 3 }),
  status: fc.constantFrom('active', 'stalled', 'won', 'lost'),
  endedAt: maybe(time),
  touchpoints: fc.nat(),
  channels: fc.array(text, { maxLength: 3 }),
  inboundAt: maybe(time),
  outboundAt: maybe(time),
  pauses: fc.tuple(fc.nat(), fc.nat(), number),
  stall: fc.record({
    at: maybe(time),
    due: maybe(time),
    lag: fc.nat(),
    settled: fc.boolean(),
    since: optional(time),
    asked: optional(asked),
  }),
  points: fc.oneof(
    fc.constant({ at: 0, rules: [], sums: [], by: [] }),
    fc.array(fc.tuple(text, number, touchId), { minLength: 1, maxLength: 5 }).chain((rules) =>
      time.map((at) => ({
        at,
        rules: rules.map(([name]) => name),
        sums: rules.map(([, sum]) => sum),
        by: rules.map(([, , id]) => id),
      })),
    ),
  ),
  fit: fc.array(text, { maxLength: 2 }),
  qualification: fc.constantFrom('mql', 'sql', null),
  people: fc.array(
    fc.record({
      id: personId,
      touchpoints: fc.nat(),
      inboundAt: maybe(time),
      roles: optional(fc.array(text, { minLength: 1, maxLength: 2 })),
      consent: optional(fc.array(text, { minLength: 1, maxLength: 2 })),
      noContact: optional(fc.constant(true as const)),
      zone: optional(text),
      fit: optional(fc.array(text, { minLength: 1, maxLength: 2 })),
    }),
    { maxLength: 3 },
  ),
  last: fc.array(
    fc.tuple(
      touchId,
      text,
      fc.constantFrom('track' as const, 'page' as const),
      maybe(text),
      time,
      time,
      fc.constantFrom('inbound' as const, 'outbound' as const),
      maybe(text),
      maybe(personId),
      maybe(fc.dictionary(fc.constantFrom('path', 'plan'), text)),
    ),
    { maxLength: 3 },
  ),
  alerts: fc.oneof(fc.constant({}), fc.record({ stall: alert }, { requiredKeys: [] })) as fc.Arbitrary<
    JourneyState['alerts']
  >,
  updatedAt: time,
  silence: optional(
    fc.record({
      at: time,
      gap: number,
      ins: fc.nat(),
      outs: fc.nat(),
      activity: number,
      event: fc.nat(),
      next: fc.integer({ min: -1, max: 20 }),
      endedAt: fc.nat(),
      settlesAt: fc.nat(),
    }),
  ),
  win: optional(
    fc.record({ at: time, slots: fc.array(fc.nat(), { maxLength: 3 }), traits: fc.array(fc.nat(), { maxLength: 2 }) }),
  ),
  roles: optional(fc.constant({ 'role-missing': 'decision:champion' })),
  outreach: optional(
    fc.constantFrom<JourneyState['outreach']>({ held: ['price interest'], decided: 3 }, { action, decided: 1 }),
  ),
  counts: optional(fc.constant({ key: [1_700_000_000_000] })),
  meetingAt: optional(time),
  owner: optional(text),
  judged: optional(fc.constant({ stall: { kind: 'not-a-stall' } })) as fc.Arbitrary<JourneyState['judged']>,
});

const subject: fc.Arbitrary<SubjectState> = fc.record({
  unit: fc.constantFrom('account' as const, 'person' as const),
  id: text,
  host: maybe(text),
  account: maybe(
    fc.record({
      id: text,
      groupId: maybe(text),
      name: maybe(text),
      domain: maybe(text),
      traits: fc.dictionary(fc.constantFrom('plan', 'owner'), text),
    }),
  ),
  people: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('ann', 'ben', 'eve'),
      name: maybe(text),
      email: maybe(text),
      userId: maybe(text),
      seenAt: time,
    }),
    { maxLength: 3, selector: ({ id }) => id },
  ),
  journeys: fc.dictionary(fc.constantFrom('b2b-sales', 'trial'), journey),
  aliases: optional(fc.constant({ old: 'ann' })),
  seqs: optional(fc.constant({ 'b2b-sales': 7 })),
});

describe('the stored form of a subject', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(subject, (before) => {
        expect(unpackStored(stored(before))).toEqual(JSON.parse(JSON.stringify(before)));
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('of an older Cairn, plain JSON, is read as well, and written anew the same', () => {
    fc.assert(
      fc.property(subject, (before) => {
        const plain = JSON.parse(JSON.stringify(before)) as SubjectState;
        const read = unpackStored(plain) as SubjectState;
        expect(read).toEqual(plain);
        expect(JSON.stringify(packSubject(read))).toBe(JSON.stringify(packSubject(before)));
      }),
      { numRuns: 100, seed: 6 },
    );
  });

  it('leaves all else of the state as it is', () => {
    const moved = { moved: { unit: 'account', id: 'acc_1' }, at: 7, seqs: { 'b2b-sales': 3 } };
    for (const value of [moved, [['evaluation', 1, 2]], { version: 1 }, null, 'text']) {
      expect(stored(value)).toEqual(value);
      expect(unpackStored(value)).toEqual(value);
    }
  });

  it('gives journeys all keys in one order, whoever wrote them', () => {
    fc.assert(
      fc.property(journey, (before) => {
        const one = { unit: 'account', id: 'a', host: null, account: null, people: [], journeys: { trial: before } };
        const read = unpackSubject(packSubject(one as SubjectState));
        expect(Object.keys(read.journeys['trial']!)).toHaveLength(JOURNEY_PLACES);
      }),
      { numRuns: 20, seed: 7 },
    );
  });
});
