import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { runReplay } from './run-replay.ts';

/** The light loop of a replay is held to the real one: the services' tasks on a memory log, timers by ticks, all of it serialised. */
const YAML = `
cairn: journey-definition/1
name: both
unit: account
timezone: Europe/Warsaw
stages:
  - name: looking
    stall: { after: 36 hours }
  - name: talking
    enter: { event: Demo Requested }
    stall: { after: 1 day }
outcomes:
  won: { enter: { event: Deal Won } }
alerts: { escalateAfter: 6 hours }
`;
const TOPICS = [
  'touchpoints',
  'identities',
  'journey-inbox',
  'journeys',
  'alerts',
  'actions',
  'delivery-inbox',
  'dead-letters',
];
const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 27);

function touchpoints(): Touchpoint[] {
  const random = seededRandom(5);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let at = START;
  const rows = Array.from({ length: 90 }, (_, i) => {
    at += Math.floor(random() * 5 * HOUR);
    const who = Math.floor(random() * 12);
    const draw = random();
    const item = {
      type: draw < 0.1 ? 'group' : draw < 0.2 ? 'identify' : 'track',
      ...(draw < 0.1 ? { groupId: `company-${who % 4}` } : {}),
      ...(draw >= 0.1 && draw < 0.2 ? { traits: { email: `p${who}@firm${who % 3}.com` } } : {}),
      event: pick(['Page Read', 'Page Read', 'Demo Requested', 'Deal Won']),
      ...(random() < 0.5 ? { userId: `u${who}` } : {}),
      anonymousId: `a${who}`,
      timestamp: new Date(at).toISOString(),
      messageId: `m${i}`,
    };
    return { at, number: i + 1, text: JSON.stringify(item), item };
  });
  return [...admitRows('default', rows, (reason) => expect.fail(reason))];
}

describe('the loop of a replay', () => {
  it('tells the same facts at the same times as the services’ tasks on a log', async () => {
    const all = touchpoints();
    const loaded = loadDefinition(YAML);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    const light: unknown[] = [];
    runReplay({ workspace: 'default', definition: loaded.definition, until: null, ticks: null, scoreOn: null }, all, {
      onAlert: (fact) => light.push(alertText(fact)),
      onChange: (fact) => light.push(changeText(fact)),
      onFailure(error) {
        throw error;
      },
    });

    const world = createMemoryWorld({ topics: TOPICS, inbox: 'touchpoints', startMs: all[0]!.timestamp });
    const partitions = (topic: string): number => world.log.partitions(topic);
    const none = { stitched(): void {}, commanded(): void {}, advanced(): void {} };
    await runTask(world.log, world.clock, createStitchTask({ partitions, metrics: none }));
    await runTask(world.log, world.clock, createAdvanceTask({ partitions, metrics: none }));
    const { definition } = loaded;
    const put = { type: 'definition.put', workspace: 'default', name: 'both', version: 1, definition, by: 'test' };
    const value = new TextEncoder().encode(JSON.stringify({ ...put, at: all[0]!.timestamp }));
    await world.log.append([{ topic: 'journey-inbox', partition: 0, key: 'default/definition/both', value }]);
    for (const touchpoint of all) {
      await world.clock.advance(touchpoint.timestamp - world.clock.now());
      await world.send({ key: 'default', value: touchpoint });
      await world.clock.advance(0);
    }
    expect(world.values('dead-letters')).toEqual([]);
    // Each topic has its own order on the log; what is told at one moment is compared topic by topic.
    const facts = [
      ...(world.values('alerts') as AlertFact[]).map(alertText),
      ...(world.values('journeys') as JourneyChanged[]).map(changeText),
    ];
    const byTopic = (texts: unknown[]): unknown[] => [
      ...texts.filter((text) => String(text).startsWith('alert')),
      ...texts.filter((text) => !String(text).startsWith('alert')),
    ];
    expect(light.length).toBeGreaterThan(100);
    expect(light.some((text) => String(text).includes('alert.escalated'))).toBe(true);
    expect(light.some((text) => String(text).includes('absorbed'))).toBe(true);
    expect(byTopic(light)).toEqual(byTopic(facts));
  });
});

function alertText({ type, factId, at, alert }: AlertFact): string {
  return `${type} ${factId} ${at} ${alert.stage} ${JSON.stringify(alert.reason)} ${alert.resolvedBy}`;
}

function changeText({ factId, at, events, from, cause, journey }: JourneyChanged): string {
  return `${factId} ${at} ${events.join()} ${from} ${cause} ${journey.stage} ${journey.status} ${journey.touchpoints}`;
}
