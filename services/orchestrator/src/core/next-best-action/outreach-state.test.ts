import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeOutreach, type OpenAction, type OutreachState, type PlayRun } from './outreach-state.ts';

const action = (id: string, chosenAt: number): OpenAction => ({
  id,
  name: 'call',
  version: 1,
  state: 'requested',
  alertId: null,
  alertKind: null,
  stage: 'one',
  personId: null,
  play: null,
  chosenAt,
  requestAt: null,
  requestedAt: chosenAt,
  expiresAt: null,
  snoozedUntil: null,
  texts: { title: 'Call' },
  propensity: 1,
  arms: [['call', 1, null]],
  policy: 'play',
  by: null,
});
const time = fc.integer({ min: 0, max: 20 });
const run = (name: string) =>
  fc.record<PlayRun>({
    name: fc.constant(name),
    version: fc.integer({ min: 1, max: 2 }),
    step: fc.integer({ min: 0, max: 3 }),
    startedAt: time,
    alertId: fc.constant(null),
    alertKind: fc.constant(null),
    personId: fc.constant(null),
    due: fc.constant(5),
    waiting: fc.constant(true),
  });
const state: fc.Arbitrary<OutreachState> = fc.record(
  {
    action: fc.tuple(fc.constantFrom('act_a', 'act_b'), time).map(([id, at]) => action(id, at)),
    decisions: fc.array(
      time.map((at) => ['call', at, at + 7, [], 0, 0] as const),
      { maxLength: 8 },
    ),
    requests: fc.array(
      time.map((at) => [at, 'call', null] as const),
      { maxLength: 5 },
    ),
    decided: fc.nat(9),
    plays: fc.oneof(
      fc.constant([]),
      run('p').map((one) => [one]),
      fc.tuple(run('p'), run('q')),
    ),
    begun: fc.dictionary(fc.constantFrom('p', 'q'), fc.tuple(fc.nat(3), time)),
    held: fc.subarray(['p', 'q']),
  },
  { requiredKeys: [] },
);

describe('two journeys that become one', () => {
  it('have the same outreach, whichever comes first; a play goes on from the step that is further', () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        const ids = new Set([a.action?.id, b.action?.id]);
        // Two open actions of one id would be one journey's.
        fc.pre(!a.action || !b.action || ids.size === 2);
        const one = mergeOutreach(a, b);
        expect(mergeOutreach(b, a)).toEqual(one);
        for (const { name, step, version } of [...(a.plays ?? []), ...(b.plays ?? [])]) {
          const merged = one.outreach!.plays!.find((play) => play.name === name)!;
          expect(merged.version > version || merged.step >= step).toBe(true);
        }
        expect(one.outreach?.due).toBeUndefined();
        expect((one.dropped ? 1 : 0) + (one.outreach?.action ? 1 : 0)).toBe((a.action ? 1 : 0) + (b.action ? 1 : 0));
      }),
    );
  });
});
