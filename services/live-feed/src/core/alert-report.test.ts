import { describe, expect, it } from 'vitest';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Alert } from '@cairn/contracts/generated/alert.ts';
import { createAlertCounts, mondayOf, type Group } from './alert-report.ts';

const dayOf = (at: number): string => formatInstant(at).slice(0, 10);

function alertOf(part: Partial<Alert>): Alert {
  return {
    definition: 'b2b',
    stage: 'evaluation',
    kind: 'stall',
    owner: 'ada',
    state: 'resolved',
    openedAt: '2026-03-04T10:00:00.000Z',
    verdict: null,
    resolvedBy: 'person',
    ...part,
  } as Alert;
}

function report(by: Group[], alerts: Partial<Alert>[]) {
  const counts = createAlertCounts(new Set(by), dayOf);
  for (const alert of alerts) counts.add(alertOf(alert));
  return counts.rows();
}

describe('the weekly report of alerts', () => {
  it('counts verdicts and gives the share that was no false alarm, with its interval', () => {
    const rows = report(
      ['kind'],
      [
        ...Array.from({ length: 6 }, () => ({ verdict: 'real' as const })),
        { verdict: 'already-handled', owner: 'bob' },
        ...Array.from({ length: 3 }, () => ({ verdict: 'not-a-stall' as const })),
        { resolvedBy: 'buyer' },
        { resolvedBy: null },
        { state: 'open', resolvedBy: null },
      ],
    );
    expect(rows).toEqual([
      {
        week: '2026-03-02',
        definition: '*',
        stage: '*',
        kind: 'stall',
        owner: '*',
        opened: 13,
        open: 1,
        verdicts: { real: 6, notAStall: 3, alreadyHandled: 1 },
        endedBy: { buyer: 1, person: 0, outcome: 0, other: 1 },
        precision: { value: 0.7, low: 0.3968, high: 0.8922, judged: 10 },
      },
    ]);
  });

  it('tells apart what is asked for, newest week first, and says nothing of what nobody judged', () => {
    const rows = report(
      ['owner', 'stage'],
      [
        { openedAt: '2026-03-09T00:00:00.000Z' },
        { openedAt: '2026-03-08T23:59:59.999Z', owner: null },
        { stage: 'decision' },
      ],
    );
    expect(rows.map(({ week, owner, stage }) => [week, owner, stage])).toEqual([
      ['2026-03-09', 'ada', 'evaluation'],
      ['2026-03-02', 'ada', 'decision'],
      ['2026-03-02', null, 'evaluation'],
    ]);
    expect(rows.every(({ precision }) => precision === null)).toBe(true);
  });

  it('begins a week on Monday, UTC', () => {
    expect(dayOf(mondayOf(Date.parse('2026-03-08T23:59:59.999Z')))).toBe('2026-03-02');
    expect(dayOf(mondayOf(Date.parse('2026-03-09T00:00:00Z')))).toBe('2026-03-09');
  });
});
