/**
 * Which stallProbability an owner's alerts open at so that no more of them are expected than the budget allows, and how many of those
 * will be right. Counts silences by the highest probability that they reached. Knows nothing of journeys, days off or partitions.
 *
 * A silence counts on the day on which its horizon is over, whether it ended before or not: returns that are counted at once beside
 * stalls that are counted later would make every threshold look too good (the trap of early labels).
 */

/** Day → [level, returned, stalled, level, …], levels rising. */
export type Tally = Readonly<Record<string, readonly number[]>>;

export interface Expectation {
  /** Alerts per working day and owner, before any cap. */
  perDay: number;
  /** Even the highest threshold gives more. */
  overBudget: boolean;
  /** The share of alerts whose silence goes on to the horizon; null: there would be none. */
  precision: number | null;
  silences: number;
  days: number;
}

/** Before this much is known the default holds. */
export const DAYS_NEEDED = 14;
/** Four weeks: whatever weekday today is, each counts as often as the others. */
export const DAYS_LOOKED_BACK = 28;
/** An alert that is less likely right than wrong is not worth a slot, however many are free. */
export const LOWEST = 0.5;
/** Above it an alert comes when the horizon is all but over: late, and no fewer, for every stall gets there in the end. */
export const HIGHEST = 0.95;
const STEPS_PER_UNIT = 100;
const LEVELS = Math.round((HIGHEST - LOWEST) * STEPS_PER_UNIT) + 1;

/**
 * `today` is not over and does not count; `since`: the first day that was ever tallied. `workingDays`: of the last so many days. `share`:
 * how many owners take turns. Null: too little is known.
 */
export function chooseThreshold(known: {
  tally: Tally;
  since: number;
  today: number;
  workingDays: (days: number) => number;
  count: number;
  share: number;
}): { threshold: number; expected: Expectation } | null {
  const { tally, since, today, count, share } = known;
  const days = Math.min(DAYS_LOOKED_BACK, today - since);
  if (days < DAYS_NEEDED) return null;
  const { returned, stalled } = totalsOf(tally, today - days, today);
  const over = Math.max(1, known.workingDays(days)) * Math.max(1, share);
  let [alerts, right] = [0, 0];
  let found: { level: number; alerts: number; right: number } | null = null;
  for (let level = LEVELS - 1; level >= 0; level--) {
    alerts += returned[level]! + stalled[level]!;
    right += stalled[level]!;
    if (found && alerts / over > count) break;
    found = { level, alerts, right };
  }
  const silences = sum(returned) + sum(stalled);
  if (silences === 0) return null;
  const chosen = found!;
  return {
    threshold: thresholdOf(chosen.level),
    expected: {
      perDay: rounded(chosen.alerts / over, 2),
      overBudget: chosen.alerts / over > count,
      precision: chosen.alerts === 0 ? null : rounded(chosen.right / chosen.alerts, 3),
      silences,
      days,
    },
  };
}

/** One silence more. Below the lowest threshold it would never have had an alert: the tally stays the same object. */
export function tallied(tally: Tally, day: number, probability: number, hasStalled: boolean): Tally {
  const level = levelOf(probability);
  if (level < 0) return tally;
  const before = tally[day] ?? [];
  let place = 0;
  while (place < before.length && before[place]! < level) place += 3;
  const isThere = before[place] === level;
  const [returned, stalled] = isThere ? [before[place + 1]!, before[place + 2]!] : [0, 0];
  const entry = hasStalled ? [level, returned, stalled + 1] : [level, returned + 1, stalled];
  return { ...tally, [day]: [...before.slice(0, place), ...entry, ...before.slice(place + (isThere ? 3 : 0))] };
}

/** Without the days that are too old to count. */
export function withoutOldDays(tally: Tally, today: number): Tally {
  const kept = Object.entries(tally).filter(([day]) => Number(day) >= today - DAYS_LOOKED_BACK);
  return kept.length === Object.keys(tally).length ? tally : Object.fromEntries(kept);
}

function totalsOf(tally: Tally, from: number, to: number): { returned: number[]; stalled: number[] } {
  const returned = new Array<number>(LEVELS).fill(0);
  const stalled = new Array<number>(LEVELS).fill(0);
  for (const [day, entries] of Object.entries(tally)) {
    if (Number(day) < from || Number(day) >= to) continue;
    for (let i = 0; i < entries.length; i += 3) {
      returned[entries[i]!]! += entries[i + 1]!;
      stalled[entries[i]!]! += entries[i + 2]!;
    }
  }
  return { returned, stalled };
}

/** −1: below the lowest. A threshold that is reached to the last digit is reached. */
function levelOf(probability: number): number {
  return Math.min(LEVELS - 1, Math.floor((probability - LOWEST) * STEPS_PER_UNIT + 1e-9));
}

function thresholdOf(level: number): number {
  return rounded(LOWEST + level / STEPS_PER_UNIT, 2);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
