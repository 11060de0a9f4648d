/** A journey's outreach while one input works on it, and the steps that an action goes through. Each step is a fact. */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { Scene } from '../condition.ts';
import type { CompiledAction } from '../definition/compile-outreach.ts';
import { earliestFor, obstacleTo, type Obstacle } from '../guard-rails.ts';
import {
  DECISIONS_KEPT,
  REQUESTS_KEPT,
  type OpenAction,
  type OutreachState,
} from '../next-best-action/outreach-state.ts';
import { byId } from '../people.ts';
import type { ActionTold } from '../render-action.ts';
import type { PersonTrace } from '../state.ts';
import type { Draft } from './draft.ts';

export interface Outreach {
  draft: Draft;
  scene: Scene;
  state: { -readonly [K in keyof OutreachState]: OutreachState[K] };
}

const REPLY_WITHIN = { businessDays: 7 };

export function actionOf({ draft }: Outreach, name: string): CompiledAction | undefined {
  return draft.definition.outreach.actions.find((action) => action.name === name);
}

export function tellAction(
  { draft }: Outreach,
  fact: ActionFact['type'],
  action: OpenAction,
  told: ActionTold,
  commandId: string | null = null,
): void {
  draft.outputs.push({ type: 'action', fact, action, told, commandId });
}

/** Ends the open action, if there is one. */
export function endAction(
  outreach: Outreach,
  fact: 'action.withdrawn' | 'action.superseded' | 'action.expired' | 'action.suppressed',
  why: string,
): void {
  const { action } = outreach.state;
  if (!action) return;
  outreach.state.action = undefined;
  outreach.draft.changed = true;
  tellAction(outreach, fact, action, {
    state: fact.slice('action.'.length) as ActionTold['state'],
    suppressedBy: why,
    by: 'clock',
  });
}

/** Puts an action in the place of the one before, tells of the choice, and requests it as soon as it may be. */
export function openAction(
  outreach: Outreach,
  action: OpenAction,
  features: readonly string[],
  when: 'now' | 'by its play',
): void {
  endAction(outreach, 'action.superseded', 'a newer action');
  tellChoice(outreach, action, features, false);
  outreach.state.action = action;
  outreach.draft.changed = true;
  if (when === 'now') requestAction(outreach);
}

/** Recorded, and learned from when its windows have closed; in the holdout nothing follows. */
export function tellChoice(outreach: Outreach, action: OpenAction, features: readonly string[], held: boolean): void {
  const { draft, state } = outreach;
  const { now, definition } = draft;
  const { name, propensity } = action;
  tellAction(outreach, 'action.chosen', action, { state: 'chosen', holdout: held });
  draft.outputs.push({ type: 'memory', change: { kind: 'tried', name, propensity, held } });
  const replyUntil = definition.businessTime.add(now, REPLY_WITHIN);
  state.decisions = [...(state.decisions ?? []), [name, now, replyUntil, features, held ? 1 : 0, 0] as const].slice(
    -DECISIONS_KEPT,
  );
}

/** Requests the chosen action now, or arms it for when quiet hours and gaps allow; suppressed where a guard rail stands in its way. */
export function requestAction(outreach: Outreach): void {
  const { draft, state } = outreach;
  const { definition, now } = draft;
  const { action } = state;
  if (!action || action.state !== 'chosen') return;
  const compiled = actionOf(outreach, action.name);
  if (!compiled) return endAction(outreach, 'action.suppressed', 'gone from the definition');
  const requests = state.requests ?? [];
  const person = traceOf(draft, action.personId);
  const obstacle = obstacleFor(outreach, compiled, person);
  if (obstacle) return endAction(outreach, 'action.suppressed', obstacle);
  const { rails } = definition.outreach;
  const at = earliestFor(rails, definition.businessTime, zoneOf(draft, person), requests, now);
  if (at > now) {
    state.action = { ...action, requestAt: at };
    return;
  }
  const requested: OpenAction = {
    ...action,
    state: 'requested',
    requestAt: null,
    requestedAt: now,
    expiresAt: compiled.expires ? definition.businessTime.add(now, compiled.expires) : null,
  };
  state.action = requested;
  state.requests = requestsAfter(outreach, action);
  draft.changed = true;
  draft.outputs.push({ type: 'memory', change: { kind: 'requested', name: action.name } });
  tellAction(outreach, 'action.requested', requested, { state: 'requested' });
}

/** With this one; those that no cap counts any more are let go. */
function requestsAfter({ draft, state }: Outreach, action: OpenAction): OutreachState['requests'] {
  const { rails, actions } = draft.definition.outreach;
  const { now, definition } = draft;
  const caps = [rails.perJourney, rails.perPerson, ...actions.map(({ atMost }) => atMost)].filter(
    (cap) => cap !== null,
  );
  const counts = (at: number): boolean => caps.some(({ per }) => definition.businessTime.add(at, per) > now);
  const kept = (state.requests ?? []).filter(([at]) => counts(at));
  return [...kept, [now, action.name, action.personId] as const].slice(-REQUESTS_KEPT);
}

export function obstacleFor(
  { draft, state }: Outreach,
  action: CompiledAction,
  person: PersonTrace | null,
): Obstacle | null {
  const { definition, now } = draft;
  return obstacleTo(definition.outreach.rails, definition.businessTime, action, person, state.requests ?? [], now);
}

export function traceOf({ journey }: Draft, personId: string | null): PersonTrace | null {
  return personId === null ? null : (byId(journey.people, personId) ?? null);
}

/** The buyer's zone where known, else the definition's. */
export function zoneOf({ subject, definition }: Draft, person: PersonTrace | null): string {
  const ofAccount = subject.account?.traits['timezone'];
  return person?.zone ?? (typeof ofAccount === 'string' ? ofAccount : (definition.source.timezone ?? 'UTC'));
}
