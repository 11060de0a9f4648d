/**
 * Keeps a journey's outreach true after every input: notes what followed, withdraws what is out of date, runs plays, chooses what comes
 * next, arms the timers. Imported history fires no actions.
 */
import type { JourneyInput } from '../journey-input.ts';
import { OUTREACH_TIMERS, type OutreachState, type OutreachTimer } from '../next-best-action/outreach-state.ts';
import { chooseAction } from './choose-action.ts';
import { setTimer, type Draft } from './draft.ts';
import { nextTurn } from './follow-time.ts';
import { followDecisions, WINDOW_MS } from './follow-decisions.ts';
import { endAction, requestAction, tellAction, traceOf, type Outreach } from './outreach.ts';
import { holdTriggers, runPlays } from './run-plays.ts';
import { hasEnded } from './settle-stall.ts';
import { DraftFacts } from './take-touchpoint.ts';

export function settleOutreach(draft: Draft, input: JourneyInput): void {
  const { journey, definition } = draft;
  if (draft.absorbedInto !== null) return;
  if (draft.imported || (definition.outreach.isEmpty && !journey.outreach) || isAtRest(draft, input))
    return armTime(draft);
  const before = journey.outreach;
  const outreach: Outreach = { draft, scene: draft.scene ?? sceneOf(draft), state: { ...before } };
  const fired = input.type === 'timer' ? input.purpose : null;
  if (fired === 'action' || fired === 'label' || fired === 'play' || fired === 'time') disarm(outreach, fired);
  if (draft.adopted) holdTriggers(outreach);
  followDecisions(outreach);
  withdrawOutdated(outreach);
  takeDue(outreach);
  runPlays(outreach);
  chooseAction(outreach);
  arm(outreach);
  keep(outreach);
}

/** Most touchpoints find nothing under way and begin nothing: then nothing of the outreach would change. */
function isAtRest({ definition, journey, adopted, scene }: Draft, { type }: JourneyInput): boolean {
  if (type !== 'touchpoint' || adopted || !scene) return false;
  const { outreach } = journey;
  if (outreach?.action || outreach?.decisions?.length || outreach?.plays?.length) return false;
  for (const purpose in outreach?.due) if (purpose !== 'time') return false;
  if (hasEnded(journey)) return true;
  const { plays, actions } = definition.outreach;
  for (const { name, momentary, trigger } of plays) {
    const held = !momentary && (outreach?.held?.includes(name) ?? false);
    if (trigger(scene) !== held) return false;
  }
  for (const { when } of actions) if (when?.(scene)) return false;
  return true;
}

function sceneOf(draft: Draft): Outreach['scene'] {
  return {
    touchpoint: null,
    direction: null,
    person: null,
    account: draft.subject.account,
    journey: new DraftFacts(draft),
  };
}

function withdrawOutdated(outreach: Outreach): void {
  const why = whyWithdrawn(outreach);
  if (why !== null) endAction(outreach, 'action.withdrawn', why);
}

function whyWithdrawn({ draft, state }: Outreach): string | null {
  const { journey, outputs, definition } = draft;
  const { action } = state;
  if (!action) return null;
  if (hasEnded(journey)) return 'outcome';
  if (action.alertId !== null && !Object.values(journey.alerts).some(({ id }) => id === action.alertId)) {
    const resolved = outputs.find((output) => output.type === 'alert' && output.alert.id === action.alertId);
    const by = resolved?.type === 'alert' ? resolved.alert.resolvedBy : null;
    return by === 'buyer' ? 'buyer-returned' : by === 'outcome' ? 'outcome' : 'alert-resolved';
  }
  const person = traceOf(draft, action.personId);
  if (person?.noContact) return 'do-not-contact';
  const compiled = definition.outreach.actions.find(({ name }) => name === action.name);
  const needed = compiled
    ? [...definition.outreach.rails.consent, ...(compiled.consent === null ? [] : [compiled.consent])]
    : [];
  if (needed.some((category) => !person?.consent?.includes(category))) return 'consent-withdrawn';
  return action.alertId === null && action.play === null && journey.stage !== action.stage ? 'stage-left' : null;
}

/** What the clock brings: the end of quiet hours, of a snooze, of an action that nobody took up. */
function takeDue(outreach: Outreach): void {
  const { draft, state } = outreach;
  const { action } = state;
  const { now } = draft;
  if (!action) return;
  if (action.requestAt !== null && action.requestAt <= now) {
    state.action = { ...action, requestAt: null };
    return requestAction(outreach);
  }
  if (action.state !== 'accepted' && action.expiresAt !== null && action.expiresAt <= now)
    return endAction(outreach, 'action.expired', 'expired');
  if (action.state === 'snoozed' && action.snoozedUntil !== null && action.snoozedUntil <= now) {
    state.action = { ...action, state: 'requested', snoozedUntil: null };
    draft.changed = true;
    tellAction(outreach, 'action.requested', state.action, { state: 'requested', by: 'clock' });
  }
}

function arm(outreach: Outreach): void {
  const { state, draft } = outreach;
  const { action, decisions, plays } = state;
  const ofAction = [
    action?.requestAt,
    action?.state === 'accepted' ? null : action?.expiresAt,
    action?.state === 'snoozed' ? action.snoozedUntil : null,
  ];
  const wanted: Record<OutreachTimer, number | null> = {
    action: earliest(ofAction),
    label: decisions?.length ? decisions[0]![1] + WINDOW_MS : null,
    play: earliest((plays ?? []).map(({ due }) => due)),
    time: nextTurn(draft),
  };
  for (const purpose of OUTREACH_TIMERS) {
    if (purpose === 'time' && isFiring(state.due, draft.now)) continue;
    const due = wanted[purpose] === null ? null : Math.max(wanted[purpose], draft.now + 1);
    if ((state.due?.[purpose] ?? null) === due) continue;
    setTimer(draft, purpose, due);
    const { [purpose]: _before, ...others } = state.due ?? {};
    state.due = due === null ? others : { ...others, [purpose]: due };
  }
}

/** Nothing else of the outreach is looked at. */
function armTime(draft: Draft): void {
  const { journey, now } = draft;
  const turn = nextTurn(draft);
  const { time, ...others } = journey.outreach?.due ?? {};
  if (isFiring(journey.outreach?.due, now)) return;
  if ((time ?? null) === turn && (time === undefined || time > now)) return;
  setTimer(draft, 'time', turn);
  const due = turn === null ? others : { ...others, time: turn };
  keep({ draft, state: { ...journey.outreach, due } });
}

/** Another timer of the same instant came first: the moment is there, and has yet to be heard of. */
function isFiring(due: OutreachState['due'], now: number): boolean {
  return due?.time === now;
}

function disarm({ state }: Outreach, purpose: OutreachTimer): void {
  const { [purpose]: _fired, ...others } = state.due ?? {};
  state.due = others;
}

/** Empty lists are left out: they would be written again with every touchpoint. */
function keep({ draft, state }: Pick<Outreach, 'draft' | 'state'>): void {
  let some = false;
  for (const name in state) {
    const value = state[name as keyof OutreachState];
    if (value === undefined) continue;
    if (typeof value === 'object' && isEmpty(value)) state[name as keyof OutreachState] = undefined;
    else some = true;
  }
  draft.journey.outreach = some ? state : undefined;
}

function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}

function earliest(times: readonly (number | null | undefined)[]): number | null {
  let first: number | null = null;
  for (const time of times) if (time !== null && time !== undefined && (first === null || time < first)) first = time;
  return first;
}
