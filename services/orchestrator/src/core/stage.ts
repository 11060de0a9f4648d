/** Where a journey is and was: which stage a touchpoint enters, and the visits that follow from it, late ones in their place. */
import type { CompiledDefinition } from './definition/compile-definition.ts';
import type { Scene } from './condition.ts';
import { VISITS_KEPT, type Visit } from './state.ts';

/** An entry that a touchpoint caused. */
export interface StageEntry {
  stage: string;
  at: number;
  touchpointId: string;
}

export function startVisits(definition: CompiledDefinition, at: number): readonly Visit[] {
  return [[definition.stages[0]!.name, at, null, null]];
}

/**
 * The stage that a touchpoint enters from `current`: of those that it matches and that may be entered from there, the last. Null:
 * none, or it is there already.
 */
export function stageEntered(definition: CompiledDefinition, current: string, scene: Scene): string | null {
  // The places of those that could match, the last first.
  for (const i of definition.rulesFor(scene.touchpoint?.event ?? null).stages) {
    const stage = definition.stages[i]!;
    if (!stage.enter?.(scene)) continue;
    if (stage.name === current) return null;
    if (mayEnter(definition, current, stage.name)) return stage.name;
  }
  return null;
}

export function mayEnter(definition: CompiledDefinition, from: string, to: string): boolean {
  const index = definition.stageIndex.get(to);
  if (index === undefined) return false;
  const stage = definition.stages[index]!;
  if (stage.from && !stage.from.has(from)) return false;
  return !stage.forwardOnly || (definition.stageIndex.get(from) ?? -1) < index;
}

/** The stage that a journey was in at a time. */
export function stageAt(visits: readonly Visit[], at: number): string {
  for (let i = visits.length - 1; i > 0; i--) if (visits[i]![1] <= at) return visits[i]![0];
  return visits[0]![0];
}

/** The visits after one more entry. One that comes late takes its place in time, and what came after it is gone through again. */
export function withEntry(
  definition: CompiledDefinition,
  visits: readonly Visit[],
  entry: StageEntry,
): readonly Visit[] {
  const current = visits.at(-1)!;
  // The implicit start is no touchpoint's doing: whatever entered a stage before it still counts.
  if (entry.at < current[1] && current[3] !== null)
    return rebuildVisits(definition, startOf(visits), [...entriesOf(visits), entry]);
  return entered(visits, entry);
}

/** The visits after an entry that is not late. */
export function entered(visits: readonly Visit[], entry: StageEntry): readonly Visit[] {
  const [stage, enteredAt, , touchpointId] = visits.at(-1)!;
  const left: Visit = [stage, Math.min(enteredAt, entry.at), entry.at, touchpointId];
  const next: Visit[] = [...visits.slice(0, -1), left, [entry.stage, entry.at, null, entry.touchpointId]];
  return next.length > VISITS_KEPT ? next.slice(-VISITS_KEPT) : next;
}

/** The start moves back when a touchpoint turns up that came before it. */
export function withStart(visits: readonly Visit[], at: number): readonly Visit[] {
  const first = visits[0]!;
  if (first[3] !== null || at >= first[1]) return visits;
  return [[first[0], at, first[2], null], ...visits.slice(1)];
}

/** What would have become of all these entries on one journey. The order in which they are given does not matter. */
export function rebuildVisits(
  definition: CompiledDefinition,
  startedAt: number,
  entries: readonly StageEntry[],
): readonly Visit[] {
  const index = (entry: StageEntry): number => definition.stageIndex.get(entry.stage) ?? -1;
  const sorted = [...entries].sort(
    (a, b) => a.at - b.at || index(a) - index(b) || (a.touchpointId < b.touchpointId ? -1 : 1),
  );
  const visits: Visit[] = [...startVisits(definition, Math.min(startedAt, sorted[0]?.at ?? startedAt))];
  for (const { stage, at, touchpointId } of sorted) {
    const current = visits.at(-1)!;
    if (stage === current[0] || !mayEnter(definition, current[0], stage)) continue;
    visits[visits.length - 1] = [current[0], current[1], at, current[3]];
    visits.push([stage, at, null, touchpointId]);
  }
  return visits.length > VISITS_KEPT ? visits.slice(-VISITS_KEPT) : visits;
}

export function entriesOf(visits: readonly Visit[]): StageEntry[] {
  return visits.flatMap(([stage, at, , touchpointId]) => (touchpointId === null ? [] : [{ stage, at, touchpointId }]));
}

export function startOf(visits: readonly Visit[]): number {
  return visits[0]![1];
}
