/** Conditions that time alone makes true, through the advance task: plays, waits, stages, points that fade; one timer, and none for nothing. */
import { describe, expect, it } from 'vitest';
import { keyOf } from '@cairn/contracts/topics.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import { stitchedOf } from '../../testkit/touchpoint-of.ts';
import { createAdvanceTask } from './advance-task.ts';
import { createAdvanceWorld, type AdvanceWorld } from '../../testkit/advance-world.ts';

/** A Monday. */
const T = Date.parse('2026-03-02T10:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const definition = (rest: string, stages = '[{ name: open }, { name: dormant }]'): string => `
cairn: journey-definition/1
name: timed
unit: account
timezone: UTC
stages: ${stages}
outcomes:
  won: { enter: { event: Won } }
score:
  engagement: { halfLife: 7 days, points: [{ name: touch, when: { event: Visit }, add: 40 }] }
  thresholds: { mql: 30 }
actions:
  - { name: call, expires: 90 days }
${rest}
`;
const NO_DEMO =
  '{ all: [{ where: { journey.touchpoints: { gte: 1 } } }, { count: { of: { event: Demo }, within: 14 days, lte: 0 } }] }';

function world(yaml: string, partitions = 2): AdvanceWorld {
  const w = createAdvanceWorld({ partitions });
  w.define(yaml);
  return w;
}
const touch = (w: AdvanceWorld, at: number, event: string, more = {}): void =>
  w.touch({ at, person: 'ann', account: 'acme', event, ...more });
const requested = (w: AdvanceWorld): number[] =>
  w.actions.filter(({ type }) => type === 'action.requested').map(({ at }) => (at - T) / DAY);
const timeTimers = (w: AdvanceWorld): number[] =>
  w.timers().flatMap(({ purpose, dueAt }) => (purpose.endsWith('time') ? [(dueAt - T) / DAY] : []));
const stages = (w: AdvanceWorld): [string, number][] =>
  w.living()[0]!.stages.map(({ stage, enteredAt }) => [stage, (Date.parse(enteredAt) - T) / DAY]);

describe('a play', () => {
  const play = (trigger: string, more = ''): string =>
    definition(`plays:\n  - { name: nudge, trigger: ${trigger}, steps: [{ action: call }]${more} }`);

  it('begins at the moment when there was no demo for 14 days, though nobody does anything', () => {
    const w = world(play(NO_DEMO));
    touch(w, T, 'Demo');
    touch(w, T + 2 * DAY, 'Demo');
    touch(w, T + 3 * DAY, 'Visit');
    expect(timeTimers(w)).toEqual([16]);
    w.until(T + 60 * DAY);
    expect(requested(w)).toEqual([16]);
    expect(timeTimers(w)).toEqual([]);
  });

  it('begins for a segment that is left and entered again with one touchpoint: it was out of it in between', () => {
    const w = world(play('{ count: { of: { event: Visit }, within: 7 days, gte: 1 } }'));
    touch(w, T, 'Visit');
    touch(w, T + 1 * DAY, 'Visit');
    touch(w, T + 20 * DAY, 'Result', { direction: 'none' });
    const [first] = w.actions;
    w.actionCommand(first!.action, { command: 'result', outcome: 'done' }, T + 20 * DAY);
    touch(w, T + 30 * DAY, 'Visit');
    expect(requested(w)).toEqual([0, 30]);
  });

  it('ends when time makes its exit true, before its next step', () => {
    const exit = '{ count: { of: { event: Visit }, within: 3 days, lte: 0 } }';
    const w = world(
      definition(
        `plays:\n  - { name: nudge, trigger: { event: Visit }, exit: ${exit}, steps: [{ wait: { for: 5 days } }, { action: call }] }`,
      ),
    );
    touch(w, T, 'Visit');
    w.until(T + 20 * DAY);
    expect(requested(w)).toEqual([]);
  });

  it('waits until time makes a condition true, on the version that it began with', () => {
    const until = (days: number): string =>
      definition(
        `plays:\n  - { name: nudge, trigger: { event: Ask }, steps: [{ wait: { until: { count: { of: { event: Visit }, within: ${days} days, lte: 0 } } } }, { action: call }] }`,
      );
    const w = world(until(4));
    touch(w, T, 'Visit');
    touch(w, T + DAY, 'Ask');
    w.define(until(4).replace('expires: 90 days', 'expires: 80 days'), 2);
    w.until(T + 30 * DAY);
    expect(requested(w)).toEqual([4]);
  });

  it('begins when points have faded below a score', () => {
    const w = world(
      play('{ all: [{ where: { journey.touchpoints: { gte: 1 } } }, { where: { journey.engagement: { lt: 10 } } }] }'),
    );
    touch(w, T, 'Visit');
    // 40 points halve in 7 days: below 10 just after 14.
    w.until(T + 30 * DAY);
    expect(requested(w)).toHaveLength(1);
    expect(requested(w)[0]! - 14).toBeGreaterThan(0);
    expect((requested(w)[0]! - 14) * DAY).toBeLessThan(5);
    expect(timeTimers(w)).toEqual([]);
  });

  it('begins when a qualification has faded away, which the journey then says', () => {
    const w = world(play('{ where: { journey.qualification: null, journey.touchpoints: { gte: 1 } } }'));
    touch(w, T, 'Visit');
    w.until(T + 30 * DAY);
    // 40 points fade below 24, four fifths of 30.
    expect(requested(w)[0]!).toBeCloseTo(7 * Math.log2(40 / 24), 3);
    expect(w.living()[0]!.score.qualification).toBeNull();
  });

  it('goes by business days where the window is counted in them, and by touchpoints that came late', () => {
    const w = world(play('{ count: { of: { event: Demo }, within: 5 business days, eq: 1 } }'));
    touch(w, T + 4 * DAY, 'Demo');
    // It came late, but happened before: two within the window until Monday week.
    w.touch({ at: T + HOUR, person: 'ann', account: 'acme', event: 'Demo' }, T + 4 * DAY + HOUR);
    expect(timeTimers(w)).toEqual([7 + 1 / 24]);
  });

  it('is not begun by time for a journey that has ended, and has no timer then', () => {
    const w = world(play(NO_DEMO));
    touch(w, T, 'Demo');
    touch(w, T + DAY, 'Won');
    expect(timeTimers(w)).toEqual([]);
    w.until(T + 30 * DAY);
    expect(requested(w)).toEqual([]);
  });

  it('of a count by person is left as it was by what nobody did', () => {
    const w = world(play('{ count: { of: { event: Visit }, within: 30 days, gte: 2, by: person } }'));
    for (const day of [0, 1]) touch(w, T + day * DAY, 'Visit');
    w.actionCommand(w.actions[0]!.action, { command: 'result', outcome: 'done' }, T + 2 * DAY);
    touch(w, T + 3 * DAY, 'Visit');
    expect(requested(w)).toEqual([1]);
  });
});

describe('a stage', () => {
  const DORMANT = `[{ name: open }, { name: trial, enter: { event: Visit }, stall: { after: 3 days } }, { name: dormant, from: [trial], enter: { count: { of: { direction: inbound }, within: 10 days, lte: 0 } } }]`;

  it('is entered by absence alone, with no touchpoint as its cause, and left again by the buyer', () => {
    const w = world(definition('', DORMANT));
    touch(w, T, 'Visit');
    w.until(T + 40 * DAY);
    expect(stages(w)).toEqual([
      ['open', 0],
      ['trial', 0],
      ['dormant', 10],
    ]);
    expect(w.living()[0]!.stages.at(-1)!.touchpointId).toBeNull();
    expect(w.journeys.filter(({ events }) => events.includes('stage_changed')).map(({ from }) => from)).toEqual([
      'open',
      'trial',
    ]);
    expect(w.living()[0]!.status).toBe('active');
    touch(w, T + 41 * DAY, 'Visit');
    expect(stages(w).at(-1)).toEqual(['trial', 41]);
    expect(timeTimers(w)).toEqual([51]);
  });

  it('entered by time stays so when two journeys become one', () => {
    const w = world(definition('', DORMANT), 4);
    w.touch({ at: T, person: 'ann', event: 'Visit' });
    w.until(T + 20 * DAY);
    w.touch({ at: T + 20 * DAY, person: 'bob', account: 'acme', event: 'Note', direction: 'outbound' });
    w.handOver({ unit: 'person', id: 'ann' }, { unit: 'account', id: 'acme' }, T + 21 * DAY, 'ann');
    expect(w.living()).toHaveLength(1);
    expect(stages(w).map(([stage]) => stage)).toEqual(['open', 'trial', 'dormant']);
  });

  it('that imported history leaves behind is entered when its time has come', () => {
    const w = world(definition('', DORMANT));
    w.touch({ at: T - DAY, person: 'ann', account: 'acme', event: 'Visit', imported: true }, T);
    w.until(T + 40 * DAY);
    expect(stages(w).at(-1)).toEqual(['dormant', 9]);
  });
});

describe('a definition in which time changes nothing', () => {
  it('gives no journey a timer of time', () => {
    const w = world(definition('plays:\n  - { name: nudge, trigger: { event: Visit }, steps: [{ action: call }] }'));
    touch(w, T, 'Visit');
    expect(timeTimers(w)).toEqual([]);
  });
});

describe('a moment that lies ahead', () => {
  it('is kept over a crash, and comes once', async () => {
    const topics = ['journey-inbox', 'journeys', 'alerts', 'actions', 'delivery-inbox', 'dead-letters'];
    const world = createMemoryWorld({ topics, inbox: 'journey-inbox', startMs: T });
    const task = createAdvanceTask({ partitions: () => 1, metrics: { advanced: () => {} } });
    await runTask(world.log, world.clock, task);
    const loaded = loadDefinition(
      definition(`plays:\n  - { name: nudge, trigger: ${NO_DEMO}, steps: [{ action: call }] }`),
    );
    if (!loaded.ok) throw new Error('faults');
    const put = { type: 'definition.put', workspace: 'ws', name: 'timed', version: 1, by: 'test', at: T };
    await world.send({
      key: keyOf.control('ws', 'definition', 'timed'),
      value: { ...put, definition: loaded.definition },
    });
    const message = stitchedOf('ws', { at: T, person: 'ann', account: 'acme', event: 'Demo' });
    await world.send({ key: keyOf.subject('ws', 'acme'), value: message });
    await world.clock.advance(DAY);
    world.log.crash();
    await runTask(world.anotherProcess(), world.clock, task);
    await world.clock.advance(20 * DAY);
    const facts = world.values('actions') as { type: string; at: number }[];
    const asked = facts.filter(({ type }) => type === 'action.requested');
    expect(asked.map(({ at }) => (at - T) / DAY)).toEqual([14]);
  });
});
