/** What a touchpoint says in figures: how the buyer felt, and money. Property names and scales are the field's; anything off its scale is no answer. */
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import type { TableRow } from './rows-of.ts';
import type { Position } from './visit-rows.ts';

/** The lowest and the highest answer: CSAT 1–5, NPS 0–10, CES 1–7 (7: easy), sentiment −1–1. */
export const SCALES = { csat: [1, 5], nps: [0, 10], ces: [1, 7], sentiment: [-1, 1] } as const;
export type Feeling = keyof typeof SCALES;
const FEELINGS = Object.keys(SCALES) as Feeling[];
/** DateTime64(3) ends with 2299; device clocks do not. */
const LATEST_MS = 10_413_791_999_000;
const SENTIMENT_WORDS: Readonly<Record<string, number>> = { positive: 1, neutral: 0, negative: -1 };

export function valueRows(
  { workspace, subject, person, touchpoint }: StitchedTouchpoint,
  position: Position,
): TableRow[] {
  return valuesOf(touchpoint.event ?? '', touchpoint.properties).map(([kind, value]) => ({
    table: 'touchpoint_values',
    month: 0,
    row: {
      workspace,
      kind,
      at: Math.min(Math.max(0, touchpoint.timestamp), LATEST_MS),
      touchpoint_id: touchpoint.id,
      event: touchpoint.event ?? '',
      channel: touchpoint.channel ?? '',
      subject_id: subject.id,
      person_id: person?.id ?? '',
      value,
      ...position,
    },
  }));
}

/** `properties.csat`, `nps`, `ces`, `sentiment` (in any case of letters), and `revenue`, or the `total` of an order. */
export function valuesOf(
  event: string,
  properties: Readonly<Record<string, unknown>>,
): [kind: string, value: number][] {
  const found: [string, number][] = [];
  let revenue: number | null = null;
  for (const name in properties) {
    if (name.length > 9) continue;
    const key = name.toLowerCase();
    if (key === 'revenue') revenue = numberOf(properties[name]);
    else if (key === 'total' && event === 'Order Completed') revenue ??= numberOf(properties[name]);
    else if ((FEELINGS as string[]).includes(key)) {
      const value = feelingOf(key as Feeling, properties[name]);
      if (value !== null) found.push([key, value]);
    }
  }
  if (revenue !== null) found.push(['revenue', revenue]);
  return found;
}

function feelingOf(kind: Feeling, given: unknown): number | null {
  const value =
    kind === 'sentiment' && typeof given === 'string'
      ? (SENTIMENT_WORDS[given.trim().toLowerCase()] ?? numberOf(given))
      : numberOf(given);
  const [low, high] = SCALES[kind];
  return value !== null && value >= low && value <= high ? value : null;
}

function numberOf(given: unknown): number | null {
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
