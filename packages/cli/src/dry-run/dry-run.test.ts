import { describe, expect, it } from 'vitest';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { timeOfRow } from '@cairn/replay/row-time.ts';
import { compareOccurrences, type Occurrence } from '@cairn/replay/dry-run/compare.ts';
import { dryRunJson, dryRunText } from '@cairn/replay/dry-run/describe.ts';
import { runDryRun } from '@cairn/replay/dry-run/run-dry-run.ts';

const DAY = 86_400_000;

function definition(after: string, more = ''): JourneyDefinition {
  const loaded = loadDefinition(`
cairn: journey-definition/1
name: sales
unit: person
stages:
  - name: looking
    stall: { after: ${after} }
${more}`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.definition;
}

const touchpoints = (rows: [user: string, day: number][]) => {
  const items = rows.map(([userId, day], i) => ({
    type: 'track',
    event: 'x',
    userId,
    messageId: `m${i}`,
    timestamp: new Date(Date.UTC(2026, 0, 5) + day * DAY).toISOString(),
  }));
  const timed = items.map((item, i) => ({
    at: timeOfRow(item) as number,
    number: i + 1,
    text: JSON.stringify(item),
    item,
  }));
  return admitRows('default', timed, (reason) => expect.fail(reason));
};

const ROWS: [string, number][] = [
  ['ann', 0],
  ['bob', 0],
  ['cat', 1],
  ['bob', 2.5],
  ['cat', 9],
  ['end', 20],
];

describe('a dry run', () => {
  it('tells which alerts are added, lost, earlier and later, and leaves the rest alone', () => {
    const run = (before: string | null, after: string) =>
      runDryRun(
        {
          workspace: 'default',
          before: before === null ? null : definition(before),
          after: definition(after),
          sinceMs: 90 * DAY,
        },
        touchpoints(ROWS),
      ).alerts;
    const counts = (difference: ReturnType<typeof run>): number[] =>
      (['added', 'lost', 'earlier', 'later'] as const).map((kind) => difference[kind].length);
    // Silences: ann from 0, bob 0–2.5 and from 2.5, cat 1–9 and from 9.
    expect(counts(run('3 days', '3 days'))).toEqual([0, 0, 0, 0]);
    expect(run('3 days', '3 days').same).toBe(4);
    expect(counts(run('3 days', '2 days'))).toEqual([1, 0, 4, 0]);
    expect(counts(run('3 days', '10 days'))).toEqual([0, 1, 0, 3]);
    expect(counts(run(null, '3 days'))).toEqual([4, 0, 0, 0]);
  });

  it('reports what lies since, having learned from all of it', () => {
    const settings = { workspace: 'default', before: definition('3 days'), after: definition('2 days') };
    const run = runDryRun({ ...settings, sinceMs: 9.5 * DAY }, touchpoints(ROWS));
    expect(run.alerts).toMatchObject({ before: 1, after: 1 });
    expect(run.alerts.earlier.map(({ after }) => after!.subject)).toEqual(['cat']);
    expect(dryRunJson(run)).toMatchObject({
      touchpoints: 6,
      to: '2026-01-25T00:00:00.000Z',
      alerts: {
        earlier: 1,
        examples: { earlier: [{ subject: 'cat', what: 'stall', before: '2026-01-17T00:00:00.000Z' }] },
      },
      actions: { before: 0, after: 0 },
    });
    expect(dryRunText(run)).toContain('earlier by P1D: 2026-01-16T00:00:00.000Z cat in looking, stall: No reply');
  });

  it('lets time go on until now where it is over a running product', () => {
    const settings = {
      workspace: 'default',
      before: definition('3 days'),
      after: definition('30 days'),
      sinceMs: 90 * DAY,
    };
    const until = Date.UTC(2026, 0, 5) + 24 * DAY;
    const run = runDryRun({ ...settings, until }, touchpoints(ROWS));
    expect(run).toMatchObject({ to: until, alerts: { before: 5, after: 0 } });
  });

  it('tells what an alert budget would hold back until another day', () => {
    const stall = '3 days, learned: { horizon: 10 days, atLeast: 5 days }';
    const budgeted = definition(stall, 'alerts: { budget: { count: 1 } }');
    const settings = { workspace: 'default', before: definition(stall), after: budgeted, sinceMs: 90 * DAY };
    // Three silences are due on Thursday; there is room for one that day, on Friday and on Monday.
    const { alerts } = runDryRun(settings, touchpoints([['ann', 0], ['bob', 0.1], ['cat', 0.2], ['end', 9]])); // prettier-ignore
    expect(alerts).toMatchObject({ before: 3, after: 3, same: 1, added: [], lost: [], earlier: [] });
    expect(alerts.later.map(({ after }) => [after!.subject, after!.at])).toEqual([
      ['bob', Date.UTC(2026, 0, 9)],
      ['cat', Date.UTC(2026, 0, 12)],
    ]);
  });

  it('compares actions as well', () => {
    const action = `
outcomes: {}
alerts: { anyHour: true }
actions:
  - { name: call, when: { alert: stall }, template: { title: "Call {{ person.name }}" } }
holdout: 0
`.replace('outcomes: {}\n', '');
    const settings = { workspace: 'default', before: definition('3 days'), after: definition('3 days', action) };
    const run = runDryRun({ ...settings, sinceMs: 90 * DAY }, touchpoints(ROWS));
    expect(run.alerts).toMatchObject({ added: [], lost: [], same: 4 });
    expect(run.actions.before).toBe(0);
  });
});

describe('transitions', () => {
  const staged = (event: string): JourneyDefinition => {
    const loaded = loadDefinition(`
cairn: journey-definition/1
name: sales
unit: person
stages: [ { name: looking }, { name: trying, enter: { event: ${event} } } ]
`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    return loaded.definition;
  };

  it('are matched by the stage that is entered, with the time of each', () => {
    const settings = { workspace: 'default', before: staged('y'), after: staged('x'), sinceMs: 90 * DAY };
    const { transitions } = runDryRun(settings, touchpoints(ROWS));
    expect(transitions).toMatchObject({ before: 0, after: 4, lost: [], earlier: [], later: [] });
    expect(transitions.added.map(({ after }) => [after!.subject, after!.stage, after!.what])).toEqual(
      ['ann', 'bob', 'cat', 'end'].map((subject) => [subject, 'looking', 'trying']),
    );
    const moved = runDryRun({ ...settings, before: staged('{ startsWith: x }') }, touchpoints(ROWS));
    expect(moved.transitions).toMatchObject({ same: 4, added: [], lost: [] });
  });
});

describe('occurrences', () => {
  it('of one silence are matched in their order, whatever else came between', () => {
    const at = (time: number, subject = 'ann', silentSince = 0): Occurrence => ({
      at: time,
      subject,
      journeyId: subject,
      what: 'stall',
      stage: 's',
      silentSince,
      text: '',
    });
    const found = compareOccurrences([at(1), at(5), at(7, 'bob')], [at(1), at(6), at(8, 'ann', 7)]);
    expect(found).toMatchObject({ same: 1, earlier: [], later: [{ after: { at: 6 } }] });
    expect(found.added.map(({ after }) => after!.at)).toEqual([8]);
    expect(found.lost.map(({ before }) => before!.subject)).toEqual(['bob']);
  });
});
