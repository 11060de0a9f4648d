/** One touchpoint moves a journey: counts, people, score, outcome, stage, and the stall clock, in that order. */
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { isAutoReply } from '../auto-reply.ts';
import type { JourneyFacts, JourneyPath, Scene } from '../condition.ts';
import { countTouchpoint, countWithin, type CompiledCount } from '../count.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import { contactOf } from '../guard-rails.ts';
import { meetingAfter } from '../meeting.ts';
import { byId, withItem } from '../people.ts';
import { lastTouchpointOf, renderTouchpoint } from '../render-touchpoint.ts';
import { accountScoreOf } from '../score/account-score.ts';
import { addPoints, engagementTotal } from '../score/engagement.ts';
import { fitRulesThatHold, fitTotal } from '../score/fit.ts';
import { rankOf } from '../score/qualification.ts';
import { stageAt, stageEntered, withEntry, withStart } from '../stage.ts';
import { withPause } from '../stall/fixed-stall.ts';
import { CHANNELS_KEPT, LAST_TOUCHPOINTS_KEPT, PEOPLE_KEPT, type JourneyState, type PersonTrace } from '../state.ts';
import { closeAlert, type Draft } from './draft.ts';
import { peakBefore, tellPeak } from './follow-budget.ts';
import { followSilence, silenceBefore } from './follow-silence.ts';
import { followWin } from './follow-win.ts';
import { qualificationNow, totalNow } from './score-now.ts';
import { settleRoles } from './settle-roles.ts';
import { hasEnded, settleStall, waitForOwner } from './settle-stall.ts';
import { wakeOnActivity } from './wake-on-activity.ts';

/** A lag of more than a day is a wrong clock, not a backlog. */
const LAG_MAX_MS = 86_400_000;

export interface TouchpointInput {
  touchpoint: Touchpoint;
  person: PersonSummary | null;
  account: AccountSummary | null;
}

export function takeTouchpoint(draft: Draft, { touchpoint, person, account }: TouchpointInput): void {
  const { definition, journey, now } = draft;
  // A client's clock may be ahead; nothing has happened later than now.
  const at = Math.min(touchpoint.timestamp, now);
  const scene: Scene = {
    touchpoint,
    direction: null,
    person,
    account: account ?? draft.subject.account,
    journey: new DraftFacts(draft),
  };
  const direction = directionOf(definition, touchpoint, scene);
  scene.direction = direction;

  draft.changed = true;
  draft.scene = scene;
  const before = silenceBefore(draft);
  const wasOpen = !hasEnded(journey);
  journey.touchpoints++;
  const rules = definition.rulesFor(touchpoint.event);
  const mayEnd = direction === 'inbound' || rules.mayWin || rules.mayLose;
  const peak = mayEnd && definition.budget !== null ? peakBefore(draft, at) : null;
  if (rules.counters.length > 0) {
    const counts = countTouchpoint(rules.counters, journey.counts, scene, at);
    if (counts) journey.counts = counts;
  }
  const meetingAt = meetingAfter(definition.meetings, journey.meetingAt, scene, now);
  if (meetingAt !== journey.meetingAt) journey.meetingAt = meetingAt;
  if (at < journey.startedAt) {
    journey.startedAt = at;
    journey.visits = withStart(journey.visits, at);
    if (journey.visits.length === 1) journey.stageSince = journey.visits[0]![1];
  }
  const { channel } = touchpoint;
  if (channel !== null && journey.channels.length < CHANNELS_KEPT && !journey.channels.includes(channel))
    journey.channels = [...journey.channels, channel];
  journey.points = addPoints(definition, journey.points, scene, at, touchpoint.id);
  journey.fit = fitRulesThatHold(definition, scene, false);
  if (person) journey.people = withTrace(draft, scene, person, direction === 'inbound' ? at : null);
  if (direction === 'inbound') {
    journey.pauses = withPause(definition, journey.pauses, journey.inboundAt, at);
    journey.inboundAt = Math.max(journey.inboundAt ?? at, at);
  }
  if (direction === 'outbound') journey.outboundAt = Math.max(journey.outboundAt ?? at, at);
  if (direction !== 'none') journey.last = withLast(journey.last, touchpoint, direction, at, person);

  const isOutcome = takeOutcome(draft, scene, at);
  takeStage(draft, scene, at);
  if (peak) tellPeak(draft, peak, direction, isOutcome);
  followSilence(draft, before, touchpoint, direction, at, isOutcome);
  followWin(draft, person, account, at, wasOpen);
  settleStall(draft, {
    by: direction === 'inbound' ? 'buyer' : 'person',
    imported: touchpoint.imported,
    lag: touchpoint.imported ? 0 : Math.min(Math.max(0, now - touchpoint.receivedAt), LAG_MAX_MS),
  });
  waitForOwner(draft);
  settleRoles(draft);
  if (direction === 'inbound' && !touchpoint.imported) wakeOnActivity(draft);
  takeQualification(draft);
  draft.touchpoint = renderTouchpoint(touchpoint, direction, person?.id ?? null, account?.id ?? null);
}

/** As stated, else by the kind, else as the definition says. A bot is no buyer. */
function directionOf(
  definition: CompiledDefinition,
  touchpoint: Touchpoint,
  scene: Scene,
): 'inbound' | 'outbound' | 'none' {
  if (touchpoint.bot) return 'none';
  // A machine's answer is no return, whatever its sender calls it.
  if (touchpoint.direction !== 'outbound' && (isAutoReply(touchpoint) || definition.autoReplies?.(scene)))
    return 'none';
  if (touchpoint.direction) return touchpoint.direction;
  const { kind } = touchpoint;
  if (kind === 'identify' || kind === 'group' || kind === 'alias') return 'none';
  return definition.outbound?.(scene) ? 'outbound' : 'inbound';
}

/** Whether the touchpoint is an outcome. */
function takeOutcome(draft: Draft, scene: Scene, at: number): boolean {
  const { definition, journey } = draft;
  const rules = definition.rulesFor(scene.touchpoint!.event);
  const won = rules.mayWin && definition.won?.(scene);
  const outcome = won ? 'won' : rules.mayLose && definition.lost?.(scene) ? 'lost' : null;
  // Of two outcomes the later one, by its own time, holds.
  if (outcome === null) return false;
  if (journey.endedAt !== null && at < journey.endedAt) return true;
  journey.endedAt = at;
  if (journey.status === outcome) return true;
  journey.status = outcome;
  draft.events.push(outcome);
  for (const { kind } of Object.values(journey.alerts)) closeAlert(draft, kind, 'outcome', 'outcome');
  return true;
}

function takeStage(draft: Draft, scene: Scene, at: number): void {
  const { definition, journey } = draft;
  const before = journey.stage;
  const late = at < journey.stageSince;
  const stage = stageEntered(definition, late ? stageAt(journey.visits, at) : before, scene);
  if (stage === null) return;
  journey.visits = withEntry(definition, journey.visits, { stage, at, touchpointId: scene.touchpoint!.id });
  const current = journey.visits.at(-1)!;
  journey.stage = current[0];
  journey.stageSince = current[1];
  if (journey.stage === before) return;
  draft.from = before;
  draft.events.push('stage_changed');
}

function takeQualification(draft: Draft): void {
  const before = draft.journey.qualification;
  draft.journey.qualification = qualificationNow(draft);
  if (rankOf(draft.journey.qualification) > rankOf(before) && !hasEnded(draft.journey)) draft.events.push('qualified');
}

function withTrace(
  draft: Draft,
  scene: Scene,
  { id }: PersonSummary,
  inboundAt: number | null,
): JourneyState['people'] {
  const { definition, subject, journey } = draft;
  const before = byId(journey.people, id);
  const known = before?.inboundAt ?? null;
  const roles = rolesOf(definition, scene);
  const fit = fitRulesThatHold(definition, scene, true);
  const { outreach } = definition;
  const contact =
    outreach.isEmpty || !scene.touchpoint
      ? NO_CONTACT
      : contactOf(outreach.consentCategories, outreach.rails, before, scene.touchpoint, scene.person!, scene);
  // Always the same keys in the same order: objects of one shape are copied and read several times faster.
  const trace: PersonTrace = {
    id,
    touchpoints: (before?.touchpoints ?? 0) + 1,
    inboundAt: inboundAt === null ? known : Math.max(known ?? inboundAt, inboundAt),
    roles: roles.length > 0 ? roles : undefined,
    consent: contact.consent,
    noContact: contact.noContact,
    zone: contact.zone,
    fit: fit.length > 0 ? fit : undefined,
  };
  const people = withItem(journey.people, trace);
  return people.length <= PEOPLE_KEPT ? people : people.filter((one) => byId(subject.people, one.id) !== undefined);
}

const NO_CONTACT: ReturnType<typeof contactOf> = {};
const NO_ROLES: readonly string[] = [];

function rolesOf(definition: CompiledDefinition, scene: Scene): readonly string[] {
  let held: string[] | null = null;
  for (const { name, holds } of definition.roles) if (holds(scene)) (held ??= []).push(name);
  return held ?? NO_ROLES;
}

function withLast(
  last: JourneyState['last'],
  touchpoint: Touchpoint,
  direction: 'inbound' | 'outbound',
  at: number,
  person: PersonSummary | null,
): JourneyState['last'] {
  const oldest = last.at(-1);
  if (oldest && last.length >= LAST_TOUCHPOINTS_KEPT && at < oldest[4]) return last;
  const entry = lastTouchpointOf(touchpoint, direction, at, person?.id ?? null);
  if (last.length === LAST_TOUCHPOINTS_KEPT && at >= last[0]![4]) return [entry, last[0]!, last[1]!];
  const place = last.findIndex((other) => other[4] <= at);
  const next = place < 0 ? [...last, entry] : [...last.slice(0, place), entry, ...last.slice(place)];
  return next.slice(0, LAST_TOUCHPOINTS_KEPT);
}

const NO_ALERTS: readonly string[] = [];

/** A class, so that a touchpoint makes one small object of it and no closures. */
export class DraftFacts implements JourneyFacts {
  readonly #draft: Draft;
  constructor(draft: Draft) {
    this.#draft = draft;
  }
  get stage(): string {
    return this.#draft.journey.stage;
  }
  get openAlerts(): readonly string[] {
    const { alerts } = this.#draft.journey;
    for (const _kind in alerts) return Object.keys(alerts);
    return NO_ALERTS;
  }
  count(count: CompiledCount, personId: string | null): number {
    const { definition, journey, now } = this.#draft;
    return countWithin(count, journey.counts, definition.businessTime, personId, now);
  }
  read(name: JourneyPath): unknown {
    const { definition, journey, subject, now } = this.#draft;
    switch (name) {
      case 'stage':
      case 'status':
      case 'touchpoints':
      case 'channels':
      case 'qualification':
        return journey[name];
      case 'stages':
        return journey.visits.map(([stage]) => stage);
      case 'unit':
        return subject.unit;
      case 'people':
        return journey.people.length;
      case 'engagement':
        return engagementTotal(definition, journey.points, now);
      case 'fit':
        return fitTotal(definition, journey);
      case 'score':
        return totalNow(this.#draft);
      case 'engagedPeople':
      case 'missingRoles':
      case 'coverage':
      case 'topShare':
      case 'concentration':
        return accountScoreOf(definition, journey, subject.unit)?.[name];
      case 'engagedRoles':
        return accountScoreOf(definition, journey, subject.unit)?.engagedRoles.map(({ role }) => role);
      default:
        return name satisfies never;
    }
  }
}
