/** Which action comes next: candidates whose conditions hold → guard rails → the policy. Waiting is a choice too, and so is the holdout's. */
import { idOf } from '@cairn/contracts/ids.ts';
import type { CompiledAction } from '../definition/compile-outreach.ts';
import { chooseArm, WAIT, type PolicyChoice } from '../next-best-action/policy.ts';
import { policyVersion } from '../next-best-action/memory.ts';
import type { OpenAction } from '../next-best-action/outreach-state.ts';
import { fillTemplate } from '../next-best-action/template.ts';
import { isHeldOut } from '../next-best-action/uniform.ts';
import { byId } from '../people.ts';
import { hasAhead } from '../play.ts';
import { silentSince } from '../stall/fixed-stall.ts';
import type { AlertState, PersonTrace } from '../state.ts';
import { nameOf, ownerOf } from '../subject.ts';
import type { Draft } from './draft.ts';
import { obstacleFor, openAction, tellAction, tellChoice, traceOf, type Outreach } from './outreach.ts';
import { hasEnded } from './settle-stall.ts';

const DAY_MS = 86_400_000;

export function chooseAction(outreach: Outreach): void {
  const { draft, state, scene } = outreach;
  const { definition, journey } = draft;
  const { actions } = definition.outreach;
  if (actions.length === 0 || hasEnded(journey) || !mayReplace(outreach)) return;
  const candidates = stallFirst(
    journey.alerts,
    actions.filter((action) => action.when?.(scene) ?? false),
  );
  if (candidates.length === 0) return;
  const about = aboutOf(outreach, candidates);
  if (about === state.about) return;
  state.about = about;
  const alert = newestAlert(journey.alerts);
  const alertOf = (action: CompiledAction | null): AlertState | null => alertFor(journey.alerts, action?.alerts ?? []);
  const free: CompiledAction[] = [];
  let blocked: { action: CompiledAction; by: string } | null = null;
  for (const action of candidates) {
    const by = obstacleFor(outreach, action, personFor(draft, action, alertOf(action)));
    if (by) blocked ??= { action, by };
    else free.push(action);
  }
  if (free.length === 0) {
    const open = newAction(outreach, blocked!.action.name, blocked!.action, alertOf(blocked!.action), null);
    return tellAction(outreach, 'action.suppressed', open, { state: 'suppressed', suppressedBy: blocked!.by });
  }
  const { policy } = draft.memory();
  const features = featuresOf(outreach, alert);
  const arms = [...free.map(({ name, cost }) => ({ name, cost })), { name: WAIT, cost: 0 }];
  const choice = chooseArm(policy, arms, features, `${journey.id}/${state.decided ?? 0}`)!;
  const chosen = free.find(({ name }) => name === choice.name) ?? null;
  const open = newAction(outreach, choice.name, chosen, alertOf(chosen), choice);
  if (isHeld(draft)) return tellChoice(outreach, open, features, true);
  if (!chosen) return tellChoice(outreach, open, features, false);
  const play = carriedBy(outreach, chosen.name);
  openAction(outreach, { ...open, play }, features, play === null ? 'now' : 'by its play');
}

/** An action of a play's: nothing is chosen, so its propensity is 1. */
export function actionOfPlay(outreach: Outreach, action: CompiledAction, play: string, alert: AlertState | null): void {
  const { draft } = outreach;
  const open = { ...newAction(outreach, action.name, action, alert, null), play, by: play };
  const obstacle = obstacleFor(outreach, action, traceOf(draft, open.personId));
  if (obstacle) return tellAction(outreach, 'action.suppressed', open, { state: 'suppressed', suppressedBy: obstacle });
  const features = featuresOf(outreach, alert);
  if (isHeld(draft)) return tellChoice(outreach, open, features, true);
  openAction(outreach, open, features, 'now');
}

/** The alert that an action or a play answers: of the kinds that it names; else the stall, else the newest. */
export function alertFor(alerts: Draft['journey']['alerts'], kinds: readonly string[]): AlertState | null {
  if (kinds.length === 0) return alerts.stall ?? newestAlert(alerts);
  return newestAlert(Object.fromEntries(Object.entries(alerts).filter(([kind]) => kinds.includes(kind))));
}

/** While a journey is stalled, what answers the stall goes before what answers another alert. */
function stallFirst(
  alerts: Draft['journey']['alerts'],
  candidates: readonly CompiledAction[],
): readonly CompiledAction[] {
  if (!alerts.stall) return candidates;
  const answering = candidates.filter((action) => alertFor(alerts, action.alerts)?.kind === 'stall');
  return answering.length > 0 ? answering : candidates;
}

function newestAlert(alerts: Draft['journey']['alerts']): AlertState | null {
  let newest: AlertState | null = null;
  for (const alert of Object.values(alerts)) if (!newest || alert.openedAt > newest.openedAt) newest = alert;
  return newest;
}

/** A person's work goes on; what nobody has taken up yet gives way when the journey has moved. */
function mayReplace({ draft, state }: Outreach): boolean {
  const { action } = state;
  if (!action) return true;
  if (action.state !== 'chosen' && action.state !== 'requested') return false;
  const opened = draft.outputs.flatMap((output) =>
    output.type === 'alert' && output.fact === 'alert.opened' ? [output.alert.kind] : [],
  );
  // What answers another alert that is still open stays, unless a stall comes.
  const isAnswering = action.alertKind !== null && draft.journey.alerts[action.alertKind] !== undefined;
  const moved = isAnswering ? opened.includes('stall') : opened.length > 0;
  return moved || draft.events.includes('stage_changed');
}

/** The same occasion is decided once: the same stage, alerts and candidates; where they ask for the touchpoint, the same touchpoint. */
function aboutOf({ draft, scene }: Outreach, candidates: readonly CompiledAction[]): string {
  const { stage, stageSince, alerts } = draft.journey;
  const moment = candidates.some(({ momentary }) => momentary) ? (scene.touchpoint?.id ?? '') : '';
  const ids = Object.values(alerts).map(({ id }) => id);
  return idOf('', stage, stageSince, moment, ids.join(), candidates.map(({ name }) => name).join()).slice(1, 13);
}

function isHeld({ definition, subject }: Draft): boolean {
  return isHeldOut(definition.outreach.holdout, definition.name, subject.host ?? subject.id);
}

/** A play that is on its way to this action requests it when its time comes. */
function carriedBy({ draft, state }: Outreach, name: string): string | null {
  const { plays } = draft.definition.outreach;
  for (const run of state.plays ?? []) {
    const play = plays.find((one) => one.name === run.name);
    if (play && hasAhead(play, run.step, name)) return run.name;
  }
  return null;
}

/** Whoever has the role that it is meant for; else whoever went quiet; else whoever was heard of last. */
function personFor({ journey }: Draft, action: CompiledAction | null, alert: AlertState | null): PersonTrace | null {
  if (action?.to) {
    const { to } = action;
    return lastHeard(journey.people.filter(({ roles }) => roles?.includes(to)));
  }
  const quiet = alert?.reason.quietPersonId ?? null;
  const known = quiet === null ? undefined : byId(journey.people, quiet);
  return known ?? lastHeard(journey.people);
}

function lastHeard(people: readonly PersonTrace[]): PersonTrace | null {
  let last: PersonTrace | null = null;
  for (const trace of people) if (!last || (trace.inboundAt ?? -1) > (last.inboundAt ?? -1)) last = trace;
  return last;
}

function featuresOf({ draft, state }: Outreach, alert: AlertState | null): readonly string[] {
  const { journey, now } = draft;
  const days = Math.max(0, now - silentSince(journey)) / DAY_MS;
  const silence =
    days < 1 ? '<1' : days < 3 ? '1-3' : days < 7 ? '3-7' : days < 14 ? '7-14' : days < 30 ? '14-30' : '30+';
  return [
    `stage=${journey.stage}`,
    `alert=${alert?.kind ?? 'none'}`,
    `silence=${silence}`,
    `tries=${Math.min(state.requests?.length ?? 0, 3)}`,
  ];
}

function newAction(
  outreach: Outreach,
  name: string,
  action: CompiledAction | null,
  alert: AlertState | null,
  choice: PolicyChoice | null,
): OpenAction {
  const { draft, state } = outreach;
  const { journey, now } = draft;
  const number = state.decided ?? 0;
  state.decided = number + 1;
  const person = personFor(draft, action, alert);
  const arms: OpenAction['arms'] = choice ? roundArms(choice) : [[name, 1, null]];
  return {
    id: idOf('act', journey.id, number, name),
    name,
    version: draft.definition.version,
    state: 'chosen',
    alertId: alert?.id ?? null,
    alertKind: alert?.kind ?? null,
    stage: journey.stage,
    personId: person?.id ?? null,
    play: null,
    chosenAt: now,
    requestAt: null,
    requestedAt: null,
    expiresAt: null,
    snoozedUntil: null,
    texts: textsOf(outreach, name, action, alert, person),
    propensity: arms.find(([arm]) => arm === name)![1],
    arms,
    policy: choice ? policyVersion(draft.memory().policy) : 'play',
    by: choice ? 'policy' : null,
  };
}

function textsOf(
  { draft, scene }: Outreach,
  name: string,
  action: CompiledAction | null,
  alert: AlertState | null,
  person: PersonTrace | null,
): Record<string, string> {
  const { subject, journey } = draft;
  const infoOf = (id: string | null): unknown => {
    const info = id === null ? undefined : byId(subject.people, id);
    return info ? { id: info.id, name: info.name ?? info.email ?? info.userId, email: info.email } : null;
  };
  const about = nameOf(subject);
  const values = {
    person: infoOf(person?.id ?? null),
    quietPerson: infoOf(alert?.reason.quietPersonId ?? person?.id ?? null),
    account: subject.account ? { ...subject.account, traits: subject.account.traits } : null,
    alert: alert ? { id: alert.id, kind: alert.kind, reason: alert.reason } : null,
    journey: {
      id: journey.id,
      name: about,
      stage: journey.stage,
      status: journey.status,
      touchpoints: journey.touchpoints,
    },
    touchpoint: scene.touchpoint && { event: scene.touchpoint.event, properties: scene.touchpoint.properties },
    stage: journey.stage,
    owner: ownerOf(subject) ?? journey.owner ?? null,
    action: { name, title: action?.title ?? name },
  };
  const texts: Record<string, string> = {
    title: action?.title ?? (name === WAIT ? 'Wait' : name),
    reason: alert?.reason.text ?? `${about ?? 'The buyer'} is in ${journey.stage}`,
  };
  for (const [key, template] of Object.entries(action?.template ?? {})) texts[key] = fillTemplate(template, values);
  return texts;
}

/** Enough to weigh by, and half as long to keep. The likeliest takes what rounding leaves: they add up to 1. */
function roundArms({ arms }: PolicyChoice): OpenAction['arms'] {
  const rounded = arms.map(({ propensity }) => Math.max(round(propensity), 1 / ROUNDED_TO));
  const likeliest = rounded.indexOf(Math.max(...rounded));
  const others = rounded.reduce((sum, share, i) => (i === likeliest ? sum : sum + share), 0);
  return arms.map(
    ({ name, expected }, i) => [name, i === likeliest ? round(1 - others) : rounded[i]!, round(expected)] as const,
  );
}

const ROUNDED_TO = 1e6;

function round(value: number): number {
  return Math.round(value * ROUNDED_TO) / ROUNDED_TO;
}
