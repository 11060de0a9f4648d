/**
 * What time alone does to a journey: the moment at which a condition may change though nobody does anything, and the stage that is entered
 * then. One timer for the next such moment and none where there is none: nothing is polled, an idle journey costs nothing.
 */
import { nextTurnOfCount } from '../count.ts';
import type { Timed } from '../definition/compile-timed.ts';
import { engagementTotal } from '../score/engagement.ts';
import { fitTotal } from '../score/fit.ts';
import { entered, mayEnter } from '../stage.ts';
import { ENTERED_BY_TIME } from '../state.ts';
import type { Draft } from './draft.ts';
import { qualificationNow } from './score-now.ts';
import { settleRoles } from './settle-roles.ts';
import { hasEnded, settleStall } from './settle-stall.ts';
import { DraftFacts } from './take-touchpoint.ts';

/** When the next condition may change (epoch ms); null: none does by itself. */
export function nextTurn(draft: Draft): number | null {
  const { definition, journey, versionOf } = draft;
  if (hasEnded(journey)) return null;
  let turn = turnOf(draft, definition.timed);
  // A play finishes on the version that it began with, and waits for what that version says.
  for (const { version } of journey.outreach?.plays ?? []) {
    const then = version === definition.version ? null : versionOf(version);
    if (then) turn = earlier(turn, turnOf(draft, then.timed));
  }
  return turn;
}

/** The moment is there: the stage that is entered by it, and the qualification that is lost. Plays and actions look for themselves after every input. */
export function fireTime(draft: Draft): void {
  const { definition, journey, now } = draft;
  if (hasEnded(journey)) return;
  if (definition.timed.qualification) {
    const before = journey.qualification;
    journey.qualification = qualificationNow(draft);
    if (journey.qualification !== before) draft.changed = true;
  }
  const stage = stageByTime(draft);
  if (stage === null) return;
  const before = journey.stage;
  journey.visits = entered(journey.visits, {
    stage,
    at: Math.max(now, journey.stageSince),
    touchpointId: ENTERED_BY_TIME,
  });
  const current = journey.visits.at(-1)!;
  journey.stage = current[0];
  journey.stageSince = current[1];
  draft.from = before;
  draft.events.push('stage_changed');
  draft.changed = true;
  settleStall(draft, { by: 'person', imported: false, lag: 0 });
  settleRoles(draft);
}

function stageByTime(draft: Draft): string | null {
  const { definition, journey, subject } = draft;
  const scene = {
    touchpoint: null,
    direction: null,
    person: null,
    account: subject.account,
    journey: new DraftFacts(draft),
  };
  for (const i of definition.timed.stages) {
    const stage = definition.stages[i]!;
    if (!stage.enter?.(scene)) continue;
    if (stage.name === journey.stage) return null;
    if (mayEnter(definition, journey.stage, stage.name)) return stage.name;
  }
  return null;
}

function turnOf({ definition, journey, now }: Draft, { counts, levels }: Timed): number | null {
  let turn: number | null = null;
  for (const count of counts)
    turn = earlier(turn, nextTurnOfCount(count, journey.counts, definition.businessTime, now));
  const { halfLifeMs } = definition;
  if (levels.length === 0 || halfLifeMs === null) return turn;
  const engagement = engagementTotal(definition, journey.points, now);
  const fit = fitTotal(definition, journey);
  for (const { of, points } of levels) {
    const level = of === 'score' ? points - fit : points;
    // Points fade towards nothing: only what lies between is ever passed, from above or (points taken away) from below.
    const times = level === 0 ? 0 : engagement / level;
    if (times >= 1) turn = earlier(turn, now + Math.max(1, Math.ceil(halfLifeMs * Math.log2(times))));
  }
  return turn;
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
