/**
 * What people said of alerts, by week: how many were opened, what verdicts they got, and the share that was real with its interval.
 * Counts what was judged and nothing else: an alert that ended without a verdict says nothing of whether it was right. Shows, decides nothing.
 */
import { parseInstant } from '@cairn/clock/calendar.ts';
import type { Alert } from '@cairn/contracts/generated/alert.ts';

export interface AlertReportRow {
  /** Monday of the week in which the alerts opened (UTC): `2026-03-02`. */
  week: string;
  definition: string;
  stage: string;
  kind: Alert['kind'];
  owner: string | null;
  opened: number;
  /** Not resolved yet. */
  open: number;
  verdicts: { real: number; notAStall: number; alreadyHandled: number };
  /** Of those without a verdict: what ended them. */
  endedBy: { buyer: number; person: number; outcome: number; other: number };
  /**
   * Share of the judged that were no false alarm: real, or real and handled already. Wilson's interval, 95 %. Null: nothing was
   * judged.
   */
  precision: { value: number; low: number; high: number; judged: number } | null;
}

/** An alert as it is counted: one at a time, so that a workspace of any size is never held whole. */
export interface AlertCounts {
  add(alert: Alert): void;
  /** Newest week first. */
  rows(): AlertReportRow[];
}

export const GROUPS = ['definition', 'stage', 'kind', 'owner'] as const;
export type Group = (typeof GROUPS)[number];

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 5 January 1970 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
const Z95 = 1.96;

/** The Monday of the week of a time (epoch ms, UTC). */
export function mondayOf(at: number): number {
  return Math.floor((at - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS;
}

/** `by`: what rows are told apart by, beside the week; what is not named is taken together and shown as `*`. */
export function createAlertCounts(by: ReadonlySet<Group>, dayOf: (at: number) => string): AlertCounts {
  const rows = new Map<string, AlertReportRow>();

  function rowOf(alert: Alert): AlertReportRow {
    const week = dayOf(mondayOf(parseInstant(alert.openedAt) ?? 0));
    const part = (group: Group): string => (by.has(group) ? (alert[group] ?? '') : ALL);
    const key = JSON.stringify([week, ...GROUPS.map(part)]);
    let row = rows.get(key);
    if (!row)
      rows.set(
        key,
        (row = {
          week,
          definition: part('definition'),
          stage: part('stage'),
          kind: part('kind') as Alert['kind'],
          owner: by.has('owner') ? alert.owner : ALL,
          opened: 0,
          open: 0,
          verdicts: { real: 0, notAStall: 0, alreadyHandled: 0 },
          endedBy: { buyer: 0, person: 0, outcome: 0, other: 0 },
          precision: null,
        }),
      );
    return row;
  }

  return {
    add(alert) {
      const row = rowOf(alert);
      row.opened++;
      if (alert.verdict !== null) row.verdicts[NAMES[alert.verdict]]++;
      else if (alert.state !== 'resolved') row.open++;
      else row.endedBy[alert.resolvedBy ?? 'other']++;
    },
    rows: () =>
      [...rows]
        .sort(([a, one], [b, other]) => (one.week === other.week ? (a < b ? -1 : 1) : one.week < other.week ? 1 : -1))
        .map(([, row]) => ({ ...row, precision: precisionOf(row.verdicts) })),
  };
}

const ALL = '*';
const NAMES = { real: 'real', 'not-a-stall': 'notAStall', 'already-handled': 'alreadyHandled' } as const;

function precisionOf({ real, notAStall, alreadyHandled }: AlertReportRow['verdicts']): AlertReportRow['precision'] {
  const judged = real + notAStall + alreadyHandled;
  if (judged === 0) return null;
  const value = (real + alreadyHandled) / judged;
  const z2 = Z95 * Z95;
  const middle = (value + z2 / (2 * judged)) / (1 + z2 / judged);
  const half = (Z95 * Math.sqrt((value * (1 - value)) / judged + z2 / (4 * judged * judged))) / (1 + z2 / judged);
  return {
    value: round(value),
    low: round(Math.max(0, middle - half)),
    high: round(Math.min(1, middle + half)),
    judged,
  };
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
