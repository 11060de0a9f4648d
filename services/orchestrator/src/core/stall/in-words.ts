/** Lengths of time as a sales rep says them: "1 hour" and not "60 minutes", "2.1 business days", "20 minutes". Decides no limit. */
import { parseDuration } from '@cairn/contracts/duration.ts';

export interface Amount {
  /** As it is shown: at most one decimal. */
  count: number;
  unit: 'second' | 'minute' | 'hour' | 'day' | 'business day';
}

/** From how many of the unit below on it is used. Up to two days in hours: "36 hours" says more than "1.5 days". */
const UNITS: readonly (readonly [unit: Amount['unit'], ms: number, ofBelow: number, belowMs: number])[] = [
  ['day', 86_400_000, 48, 3_600_000],
  ['hour', 3_600_000, 60, 60_000],
  ['minute', 60_000, 60, 1_000],
];
const DAY_MS = 86_400_000;

/** Plain time. The unit is chosen by what is shown, so that 59.97 minutes are an hour. */
export function amountOf(ms: number): Amount {
  for (const [unit, unitMs, ofBelow, belowMs] of UNITS)
    if (rounded(ms / belowMs) >= ofBelow) return { count: rounded(ms / unitMs), unit };
  return { count: rounded(ms / 1_000), unit: 'second' };
}

/** Business days; less than one of them, on one day, in hours or minutes: nobody says "0.1 business days". */
export function businessAmountOf(days: number, ms: number): Amount {
  return rounded(days) < 1 && ms < DAY_MS ? amountOf(ms) : { count: rounded(days), unit: 'business day' };
}

/** "3 business days", "1 hour". */
export function inWords({ count, unit }: Amount): string {
  return `${count} ${count === 1 ? unit : `${unit}s`}`;
}

/** "2.1" beside an amount of the same unit, else "20 hours". */
export function inWordsBeside(amount: Amount, other: Amount): string {
  return amount.unit === other.unit ? String(amount.count) : inWords(amount);
}

/** A duration of a definition, however it is written there: `5d` and `5 days` are "5 days". */
export function durationInWords(text: string): string {
  const duration = parseDuration(text);
  if (!duration) return text;
  return inWords(
    'ms' in duration ? wholeAmountOf(duration.ms) : { count: duration.businessDays, unit: 'business day' },
  );
}

/** As people write limits: 1 day, not 24 hours. */
function wholeAmountOf(ms: number): Amount {
  return ms === DAY_MS ? { count: 1, unit: 'day' } : amountOf(ms);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
