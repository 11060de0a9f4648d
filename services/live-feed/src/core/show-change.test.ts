import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { headOf, headOfChange } from '@cairn/contracts/journey-head.ts';
import { describe, expect, test } from 'vitest';
import { alert, alertFact, journey, journeyChanged, journeyIdOf, touchpoint } from '../testkit/facts.ts';
import { cardOf, parseFilter } from './board-filter.ts';
import { parseChannel } from './feed-protocol.ts';
import { type Change, showChange } from './show-change.ts';

const ACME = journeyIdOf('w1', 'acme');
const channel = (name: string) => ({ channel: parseChannel(name)!, filter: null });
const board = (filter: object) => ({ channel: parseChannel('board')!, filter: parseFilter(filter) });
const of = (fact: JourneyChanged) => ({ head: headOfChange(fact), fact: () => fact });
const change = (given: Parameters<typeof journey>[2], before: Parameters<typeof journey>[2] | null = null): Change => ({
  type: 'journey',
  ...of(journeyChanged(journey('w1', 'acme', given))),
  before: before && cardOf(headOf(journey('w1', 'acme', before), null)),
  partition: 0,
  offset: 4n,
});
const touched: Change = {
  ...(change({}) as Extract<Change, { type: 'journey' }>),
  ...of(journeyChanged(journey('w1', 'acme'), { touchpoint: touchpoint('tp_1') })),
};
const alerted: Change = {
  type: 'alert',
  fact: alertFact(alert('w1', 'acme', 'alr_1'), 'alert.opened'),
  partition: 1,
  offset: 2n,
};

describe('a journey’s channel', () => {
  test('a touchpoint makes its own frame, then the change', () => {
    const frames = showChange(channel(`journey:${ACME}`), touched);
    expect(frames.map(({ type, sub, of, key }) => [type, sub, of, key])).toEqual([
      ['touchpoint', 0, 2, null],
      ['journey.changed', 1, 2, null],
    ]);
    expect(frames[0]!.data).toEqual(touchpoint('tp_1'));
  });
  test('a change without a touchpoint makes one frame', () => {
    expect(showChange(channel(`journey:${ACME}`), change({})).map(({ type, of }) => [type, of])).toEqual([
      ['journey.changed', 1],
    ]);
  });
  test('another journey and alerts make none', () => {
    expect(showChange(channel('journey:jrn_other'), touched)).toEqual([]);
    expect(showChange(channel(`journey:${ACME}`), alerted)).toEqual([]);
  });
});

describe('the board', () => {
  test('every change makes one frame, keyed by the journey', () => {
    expect(showChange(channel('board'), touched)).toMatchObject([
      { type: 'journey.changed', key: ACME, left: false, of: 1 },
    ]);
    expect(showChange(channel('board'), alerted)).toEqual([]);
  });
  test.each([
    ['passes now', { stage: 'evaluation' }, null, [false]],
    ['passed and passes', { stage: 'evaluation' }, { stage: 'evaluation' }, [false]],
    ['comes in', { stage: 'evaluation' }, { stage: 'awareness' }, [false]],
    ['leaves: told once more, marked', { stage: 'awareness' }, { stage: 'evaluation' }, [true]],
    ['never passed', { stage: 'awareness' }, { stage: 'awareness' }, []],
    ['is new and does not pass', { stage: 'awareness' }, null, []],
  ] as const)('with a filter, a journey that %s', (_name, now, before, left) => {
    const frames = showChange(board({ stage: ['evaluation'] }), change(now, before));
    expect(frames.map((frame) => frame.left)).toEqual(left);
  });
});

test('alerts make a frame of their fact’s type on the alerts channel, journeys none', () => {
  expect(showChange(channel('alerts'), alerted)).toMatchObject([
    { type: 'alert.opened', key: null, data: { id: 'alr_1' } },
  ]);
  expect(showChange(channel('alerts'), touched)).toEqual([]);
});

test('ops shows no facts', () => {
  expect(showChange(channel('ops'), touched)).toEqual([]);
});
