/**
 * Engagement: each rule has a sum that halves every half-life; a match adds, then cuts the sum to the rule's most. O(1) a match,
 * nothing while nobody moves. The reasons add up to the score exactly, because the score is their sum.
 */
import type { ScoreReason } from '@cairn/contracts/generated/journey.ts';
import type { Scene } from '../condition.ts';
import type { CompiledDefinition, CompiledRule } from '../definition/compile-definition.ts';
import type { Points } from '../state.ts';

export const NO_POINTS: Points = Object.freeze({ at: 0, rules: [], sums: [], by: [] });

/** Less than this is what is left of something long past, not a reason. */
const NEGLIGIBLE_POINTS = 1e-9;

/** The sums after a touchpoint at time `at`. One that comes late counts for what would be left of it. */
export function addPoints(
  definition: CompiledDefinition,
  points: Points,
  scene: Scene,
  at: number,
  touchpointId: string,
): Points {
  let next: Draft | null = null;
  for (const rule of definition.rulesFor(scene.touchpoint?.event ?? null).engagement) {
    if (!rule.when(scene)) continue;
    next ??= begin(definition, points, at);
    addTo(next, rule, touchpointId);
  }
  return next ? { at: next.at, rules: next.rules, sums: next.sums, by: next.by } : points;
}

/** What the sums are worth at `now`, and the reasons in the definition's order. */
export function engagementAt(
  definition: CompiledDefinition,
  points: Points,
  now: number,
): { engagement: number; reasons: ScoreReason[] } {
  const reasons: ScoreReason[] = [];
  let engagement = 0;
  const left = fading(definition.halfLifeMs, now - points.at);
  for (const { name } of definition.engagement) {
    const place = points.rules.indexOf(name);
    if (place < 0) continue;
    const worth = points.sums[place]! * left;
    if (isNegligible(worth)) continue;
    reasons.push({ name, points: worth, touchpointId: points.by[place]! });
    engagement += worth;
  }
  return { engagement, reasons };
}

/** The same without the reasons. */
export function engagementTotal(definition: CompiledDefinition, points: Points, now: number): number {
  let engagement = 0;
  const left = fading(definition.halfLifeMs, now - points.at);
  for (let i = 0, next = 0; i < definition.engagement.length; i++) {
    const { name } = definition.engagement[i]!;
    // Mostly they stand in the definition's order, as far as one after the other.
    const place = points.rules[next] === name ? next : points.rules.indexOf(name);
    if (place < 0) continue;
    next = place + 1;
    const worth = points.sums[place]! * left;
    if (!isNegligible(worth)) engagement += worth;
  }
  return engagement;
}

/** Both journeys' sums as one, whichever comes first. */
export function mergePoints(definition: CompiledDefinition, a: Points, b: Points): Points {
  if (a.rules.length === 0) return b;
  if (b.rules.length === 0) return a;
  const [late, early] = isNewer(a, b) ? [a, b] : [b, a];
  const left = fading(definition.halfLifeMs, late.at - early.at);
  const merged = { at: late.at, rules: [] as string[], sums: [] as number[], by: [] as string[] };
  for (const { name, atMost } of definition.engagement) {
    const one = late.rules.indexOf(name);
    const other = early.rules.indexOf(name);
    if (one < 0 && other < 0) continue;
    const sum = (one < 0 ? 0 : late.sums[one]!) + (other < 0 ? 0 : early.sums[other]! * left);
    merged.rules.push(name);
    merged.sums.push(atMost !== null && sum > atMost ? atMost : sum);
    merged.by.push(one < 0 ? early.by[other]! : late.by[one]!);
  }
  return { at: merged.at, rules: merged.rules, sums: merged.sums, by: merged.by };
}

interface Draft {
  at: number;
  /** What is left of a touchpoint that came late; 1 for the newest. */
  late: number;
  rules: readonly string[];
  sums: number[];
  by: string[];
}

/** Copies, worth what they are at the later of the two times. */
function begin(definition: CompiledDefinition, points: Points, at: number): Draft {
  const isEmpty = points.rules.length === 0;
  const later = isEmpty ? at : Math.max(points.at, at);
  const left = isEmpty ? 1 : fading(definition.halfLifeMs, later - points.at);
  const sums = points.sums.slice();
  if (left !== 1) for (let i = 0; i < sums.length; i++) sums[i]! *= left;
  const late = fading(definition.halfLifeMs, later - at);
  return { at: later, late, rules: points.rules, sums, by: points.by.slice() };
}

function addTo(draft: Draft, rule: CompiledRule, touchpointId: string): void {
  let place = draft.rules.indexOf(rule.name);
  if (place < 0) {
    place = draft.rules.length;
    // The list is the same one from touchpoint to touchpoint, until another rule matches.
    draft.rules = [...draft.rules, rule.name];
    draft.sums.push(0);
    draft.by.push(touchpointId);
  }
  const sum = draft.sums[place]! + rule.add * draft.late;
  draft.sums[place] = rule.atMost !== null && sum > rule.atMost ? rule.atMost : sum;
  if (draft.late === 1) draft.by[place] = touchpointId;
}

function isNewer(a: Points, b: Points): boolean {
  return a.at !== b.at ? a.at > b.at : JSON.stringify(a) > JSON.stringify(b);
}

function isNegligible(worth: number): boolean {
  return worth < NEGLIGIBLE_POINTS && worth > -NEGLIGIBLE_POINTS;
}

function fading(halfLifeMs: number | null, elapsedMs: number): number {
  return halfLifeMs === null || elapsedMs <= 0 ? 1 : 2 ** (-elapsedMs / halfLifeMs);
}
