/**
 * What of a definition may come true, or stop being true, by the mere passing of time: counts in a window, points that fade. Found once a
 * version, so that a journey has a timer for such a moment and for nothing else. Decides nothing of what follows.
 */
import type { Comparison, Condition, JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { asksForPerson, isMomentary } from '../condition.ts';
import { countKey, type CompiledCount, type Counters } from '../count.ts';
import { KEPT_DOWN_TO } from '../score/qualification.ts';

export interface Timed {
  counts: readonly CompiledCount[];
  /** Points that a condition compares with. */
  levels: readonly Level[];
  /** Places of the stages that time alone may enter, the last first. */
  stages: readonly number[];
  /** Conditions ask for the qualification, which fades with the score. */
  qualification: boolean;
}
export interface Level {
  of: 'engagement' | 'score';
  points: number;
}

interface Found {
  counts: Map<string, CompiledCount>;
  levels: Map<string, Level>;
  qualification: boolean;
}

export function compileTimed(source: JourneyDefinition, counters: Counters): Timed {
  const found: Found = { counts: new Map(), levels: new Map(), qualification: false };
  const watch = (condition: Condition | undefined): void => {
    if (condition && !isMomentary(condition)) look(condition, counters, found);
  };
  for (const { when } of source.actions ?? []) watch(when);
  for (const { trigger, exit, goal, steps } of source.plays ?? []) {
    for (const condition of [trigger, exit, goal]) watch(condition);
    watchSteps(steps, watch);
  }
  const stages: number[] = [];
  source.stages.forEach(({ enter }, i) => {
    if (!enter || isMomentary(enter) || asksForPerson(enter)) return;
    const own: Found = { counts: new Map(), levels: new Map(), qualification: false };
    look(enter, counters, own);
    if (own.counts.size === 0 && own.levels.size === 0 && !own.qualification) return;
    stages.unshift(i);
    look(enter, counters, found);
  });
  if (found.qualification)
    for (const threshold of Object.values(source.score?.thresholds ?? {}))
      if (typeof threshold === 'number') addLevel(found, 'score', Math.min(threshold, threshold * KEPT_DOWN_TO));
  return {
    counts: [...found.counts.values()],
    levels: [...found.levels.values()],
    stages,
    qualification: found.qualification,
  };
}

type Steps = NonNullable<JourneyDefinition['plays']>[number]['steps'];

function watchSteps(steps: Steps, watch: (condition: Condition | undefined) => void): void {
  for (const { wait, branch } of steps) {
    watch(wait?.until);
    if (!branch) continue;
    watchSteps(branch.then as Steps, watch);
    watchSteps((branch.else ?? []) as Steps, watch);
  }
}

function look(condition: Condition, counters: Counters, found: Found): void {
  const { count, where } = condition;
  // Of one person's the journey alone cannot tell: it changes with a touchpoint of theirs.
  if (count && count.by !== 'person') {
    const counter = counters.get(countKey(count));
    if (counter) found.counts.set(counter.key, counter);
  }
  for (const [path, comparison] of Object.entries(where ?? {})) {
    if (path === 'journey.engagement' || path === 'journey.score')
      for (const points of numbersIn(comparison))
        addLevel(found, path === 'journey.score' ? 'score' : 'engagement', points);
    if (path === 'journey.qualification') found.qualification = true;
  }
  for (const part of [...(condition.all ?? []), ...(condition.any ?? []), ...(condition.not ? [condition.not] : [])])
    look(part, counters, found);
}

function addLevel({ levels }: Found, of: Level['of'], points: number): void {
  levels.set(`${of} ${points}`, { of, points });
}

function numbersIn(comparison: Comparison): number[] {
  const operands = typeof comparison === 'object' && comparison !== null ? Object.values(comparison) : [comparison];
  return operands.flat().filter((operand) => typeof operand === 'number');
}
