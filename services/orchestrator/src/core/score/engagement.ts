/**
 * Engagement: each rule has a sum that halves every half-life; a match adds, then cuts the sum to the rule's most. O(1) a match,
 * nothing while nobody moves. The reasons add up to the score exactly, because the score is their sum.
 */
import type { ScoreReason } from '@cairn/contracts/generated/journey.ts';
import type { Scene } from '../condition.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import type { RuleSum } from '../state.ts';

export type Points = Readonly<Record<string, RuleSum>>;

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
  let next: Record<string, RuleSum> | null = null;
  for (const rule of definition.engagement) {
    if (!rule.when(scene)) continue;
    next ??= { ...points };
    const [sum, since, last] = next[rule.name] ?? [0, at, touchpointId];
    const late = at < since;
    const raised = late
      ? sum + rule.add * fading(definition.halfLifeMs, since - at)
      : sum * fading(definition.halfLifeMs, at - since) + rule.add;
    const cut = rule.atMost !== null && raised > rule.atMost ? rule.atMost : raised;
    next[rule.name] = late ? [cut, since, last] : [cut, at, touchpointId];
  }
  return next ?? points;
}

/** What the sums are worth at `now`, and the reasons in the definition's order. */
export function engagementAt(
  definition: CompiledDefinition,
  points: Points,
  now: number,
): { engagement: number; reasons: ScoreReason[] } {
  const reasons: ScoreReason[] = [];
  let engagement = 0;
  for (const { name } of definition.engagement) {
    const rule = points[name];
    if (!rule) continue;
    const worth = rule[0] * fading(definition.halfLifeMs, now - rule[1]);
    if (Math.abs(worth) < NEGLIGIBLE_POINTS) continue;
    reasons.push({ name, points: worth, touchpointId: rule[2] });
    engagement += worth;
  }
  return { engagement, reasons };
}

/** Both journeys' sums as one, whichever comes first. */
export function mergePoints(definition: CompiledDefinition, a: Points, b: Points): Points {
  const merged: Record<string, RuleSum> = {};
  for (const { name, atMost } of definition.engagement) {
    const one = a[name];
    const other = b[name];
    if (!one || !other) {
      const only = one ?? other;
      if (only) merged[name] = only;
      continue;
    }
    const [late, early] = isNewer(one, other) ? [one, other] : [other, one];
    const sum = late[0] + early[0] * fading(definition.halfLifeMs, late[1] - early[1]);
    merged[name] = [atMost !== null && sum > atMost ? atMost : sum, late[1], late[2]];
  }
  return merged;
}

function isNewer(one: RuleSum, other: RuleSum): boolean {
  if (one[1] !== other[1]) return one[1] > other[1];
  return one[2] !== other[2] ? one[2] > other[2] : one[0] > other[0];
}

function fading(halfLifeMs: number | null, elapsedMs: number): number {
  return halfLifeMs === null || elapsedMs <= 0 ? 1 : 2 ** (-elapsedMs / halfLifeMs);
}
