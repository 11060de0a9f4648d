import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionOf } from '../testkit/definition-of.ts';
import { touchpointOf } from '../testkit/touchpoint-of.ts';
import type { Scene } from './condition.ts';
import { entriesOf, rebuildVisits, stageAt, stageEntered, startVisits, withEntry, withStart } from './stage.ts';

const definition = definitionOf(`
stages:
  - name: one
  - name: two
    enter: { event: { startsWith: Two } }
  - name: three
    enter: { event: { contains: Three } }
    forwardOnly: true
  - name: four
    enter: { event: { contains: Four } }
    from: [three]
`);
const scene = (event: string): Scene => ({
  touchpoint: touchpointOf('ws', { at: 0, event }),
  direction: 'inbound',
  person: null,
  account: null,
  journey: null,
});

describe('the stage that a touchpoint enters', () => {
  const table: [from: string, event: string, expected: string | null, why: string][] = [
    ['one', 'Two', 'two', 'the next'],
    ['one', 'Three', 'three', 'one may be skipped'],
    ['three', 'Two', 'two', 'a journey may go back'],
    ['one', 'Two Three', 'three', 'the last of those that it matches'],
    ['three', 'Two Three', null, 'it is in the last of them already'],
    ['two', 'Two', null, 'it is there already'],
    ['one', 'Other', null, 'it matches none'],
    ['one', 'Four', null, 'entered only from stages that are named'],
    ['three', 'Four', 'four', 'from one of them'],
    ['four', 'Three', null, 'forward only'],
    ['four', 'Two', 'two', 'this one may be entered again'],
    ['one', 'Three Four', 'three', 'the last of those that may be entered'],
  ];
  it.each(table)('from %s, %s: %s (%s)', (from, event, expected) =>
    expect(stageEntered(definition, from, scene(event))).toBe(expected),
  );
});

describe('visits', () => {
  const entry = (stage: string, at: number) => ({ stage, at, touchpointId: `tp${at}` });

  it('begin in the first stage and follow one another', () => {
    const visits = withEntry(
      definition,
      withEntry(definition, startVisits(definition, 10), entry('two', 20)),
      entry('three', 30),
    );
    expect(visits).toEqual([
      ['one', 10, 20, null],
      ['two', 20, 30, 'tp20'],
      ['three', 30, null, 'tp30'],
    ]);
    expect([5, 10, 20, 29, 30, 99].map((at) => stageAt(visits, at))).toEqual([
      'one',
      'one',
      'two',
      'two',
      'three',
      'three',
    ]);
  });

  it('put a late entry in its place, and leave the present stage to what came after it', () => {
    const visits = withEntry(definition, startVisits(definition, 10), entry('three', 30));
    expect(withEntry(definition, visits, entry('two', 20))).toEqual([
      ['one', 10, 20, null],
      ['two', 20, 30, 'tp20'],
      ['three', 30, null, 'tp30'],
    ]);
  });

  it('enter a stage by history that is older than the journey’s implicit start', () => {
    const visits = withEntry(definition, startVisits(definition, 100), entry('three', 30));
    expect(visits).toEqual([
      ['one', 30, 30, null],
      ['three', 30, null, 'tp30'],
    ]);
    expect(withStart(visits, 5)[0]).toEqual(['one', 5, 30, null]);
  });

  it('are the same in whatever order their entries came', () => {
    const entries = fc.uniqueArray(
      fc.record({ stage: fc.constantFrom('two', 'three', 'four'), at: fc.integer({ min: 0, max: 40 }) }),
      { selector: ({ at }) => at, maxLength: 12 },
    );
    fc.assert(
      fc.property(entries, fc.integer(), (list, seed) => {
        const all = list.map(({ stage, at }) => entry(stage, at));
        const shuffled = [...all].sort((a, b) => ((a.at * 7919 + seed) % 13) - ((b.at * 7919 + seed) % 13));
        const visits = rebuildVisits(definition, 0, all);
        expect(rebuildVisits(definition, 0, shuffled)).toEqual(visits);
        expect(rebuildVisits(definition, 0, entriesOf(visits))).toEqual(visits);
        expect(visits.every((visit, i) => i === 0 || visit[1] === visits[i - 1]![2])).toBe(true);
      }),
    );
  });
});
