import { describe, expect, it } from 'vitest';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { admitRows, type TimedRow } from '@cairn/replay/admit-rows.ts';
import { runDryRun } from '@cairn/replay/dry-run/run-dry-run.ts';
import { runOnTwoThreads } from '@cairn/replay/dry-run/run-on-two-threads.ts';
import { timeOfRow } from '@cairn/replay/row-time.ts';

const DAY = 86_400_000;
/** More than the other thread may be behind. */
const ROWS = 800;
const PAGE_ROWS = 20;

function definition(after: string): JourneyDefinition {
  const loaded = loadDefinition(`
cairn: journey-definition/1
name: sales
unit: account
stages:
  - { name: looking, stall: { after: ${after} } }
  - { name: trying, enter: { event: Trial Started }, stall: { learned: { horizon: 7 days, probability: 0.6 } } }
actions:
  - { name: call, when: { alert: stall }, template: { title: 'Call {{ person.name }}' } }
`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.definition;
}

function rows(): TimedRow[] {
  const random = seededRandom(11);
  return Array.from({ length: ROWS }, (_, i) => {
    const person = Math.floor(random() * 60);
    const item = {
      type: 'track',
      event: random() < 0.05 ? 'Trial Started' : 'Page Seen',
      userId: `user-${person}`,
      // Every twentieth row was there before.
      messageId: `m${i % 20 === 19 ? i - 1 : i}`,
      timestamp: formatInstant(Date.UTC(2026, 0, 5) + i * (DAY / 25)),
      context: { groupId: `account-${person % 20}` },
    };
    return { at: timeOfRow(item) as number, number: i + 1, text: JSON.stringify(item), item };
  });
}

describe('a dry run on two threads', () => {
  const settings = {
    workspace: 'default',
    before: definition('3 days'),
    after: definition('2 days'),
    sinceMs: 60 * DAY,
    until: Date.UTC(2026, 0, 5) + 40 * DAY,
  };

  it('comes to what one thread comes to, to the byte', async () => {
    const all = [...rows(), { at: settings.until, number: 0, text: 'null', item: null }];
    const refused: string[] = [];
    const one = runDryRun(
      settings,
      admitRows('default', all, (reason) => void refused.push(reason)),
    );
    const refusedOnTwo: string[] = [];
    const two = await runOnTwoThreads(settings, all, (reason) => void refusedOnTwo.push(reason), PAGE_ROWS);
    expect(JSON.stringify(two)).toBe(JSON.stringify(one));
    expect(one.alerts.before).toBeGreaterThan(20);
    expect(one.alerts.earlier.length).toBeGreaterThan(0);
    expect(one.touchpoints).toBe(ROWS * 0.95);
    expect(refusedOnTwo).toEqual(refused);
    expect(refused).toHaveLength(1);
  });

  it('fails where the other thread fails', async () => {
    const broken = rows().map((row, i) => (i === 400 ? { ...row, text: '{' } : row));
    await expect(runOnTwoThreads(settings, broken, () => {}, PAGE_ROWS)).rejects.toThrow(/JSON/);
  });
});
