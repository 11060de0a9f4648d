/**
 * Two subjects that turn out to be one. Commutative: whichever arrives first, the result is the same (but for `id` and `seq`,
 * which are the living journey's own). Touchpoints are counted once, because each went to one of the two.
 */
import type { CompiledDefinition } from './definition/compile-definition.ts';
import { mergePoints } from './score/engagement.ts';
import { mergeCounts } from './count.ts';
import { mergeOutreach, type OpenAction } from './next-best-action/outreach-state.ts';
import { rankOf } from './score/qualification.ts';
import { entriesOf, rebuildVisits, startOf } from './stage.ts';
import { mergePauses } from './stall/fixed-stall.ts';
import { mergeSilences } from './stall/learned/silence.ts';
import {
  CHANNELS_KEPT,
  LAST_TOUCHPOINTS_KEPT,
  type AlertKind,
  type AlertState,
  type JourneyState,
  type PersonTrace,
  type SubjectState,
} from './state.ts';
import { mergePeople } from './subject.ts';
import { mergeJudged } from './verdict.ts';

/** Absorbed person id → who lives on. */
export type Aliases = Readonly<Record<string, string>>;

/** The living subject with what the absorbed one knew; journeys are merged one by one by `advanceJourney`. */
export function mergeSubjects(living: SubjectState, absorbed: SubjectState, aliases: Aliases): SubjectState {
  const people = absorbed.people.map((info) => ({ ...info, id: aliases[info.id] ?? info.id }));
  return {
    ...living,
    account: living.account ?? (living.unit === 'account' ? absorbed.account : null),
    people: mergePeople(living.people, people),
  };
}

/** The id is `a`'s, the seq for the caller to set. `dropped`: alerts of which the merged journey has another of the same kind, older. The stall clock is left to be set. */
export function mergeJourneys(
  definition: CompiledDefinition,
  a: JourneyState,
  b: JourneyState,
): { journey: JourneyState; dropped: readonly AlertState[]; droppedAction?: OpenAction } {
  const startedAt = Math.min(startOf(a.visits), startOf(b.visits));
  const visits = rebuildVisits(definition, startedAt, [...entriesOf(a.visits), ...entriesOf(b.visits)]);
  const [stage, stageSince] = visits.at(-1)!;
  const { alerts, dropped } = mergeAlerts(a.alerts, b.alerts);
  const { outreach, dropped: droppedAction } = mergeOutreach(a.outreach, b.outreach);
  // Of two samples the one that was taken first; both would count one outcome twice.
  const [win] = [a.win, b.win]
    .filter((one) => one !== undefined)
    .sort((one, other) => one.at - other.at || (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  const silence = mergeSilences(a.silence, b.silence);
  const counts = mergeCounts(definition.counters, a.counts, b.counts);
  const meetingAt = latest(a.meetingAt ?? null, b.meetingAt ?? null);
  const judged = mergeJudged(a.judged, b.judged);
  const owner = [a.owner, b.owner].filter((one) => one !== undefined).sort()[0];
  const journey: JourneyState = {
    id: a.id,
    version: definition.version,
    seq: Math.max(a.seq, b.seq),
    startedAt: Math.min(a.startedAt, b.startedAt),
    stage,
    stageSince,
    visits,
    ...mergeOutcome(a, b),
    touchpoints: a.touchpoints + b.touchpoints,
    channels: [...new Set([...a.channels, ...b.channels])].sort().slice(0, CHANNELS_KEPT),
    inboundAt: latest(a.inboundAt, b.inboundAt),
    outboundAt: latest(a.outboundAt, b.outboundAt),
    pauses: mergePauses(a.pauses, b.pauses),
    ...(silence ? { silence } : {}),
    ...(win ? { win } : {}),
    ...(a.roles || b.roles ? { roles: mergeRoles(a.roles ?? {}, b.roles ?? {}) } : {}),
    stall: {
      ...unarmed(a.stall),
      lag: Math.max(a.stall.lag, b.stall.lag),
      settled: a.stall.settled || b.stall.settled,
    },
    points: mergePoints(definition, a.points, b.points),
    fit: [...new Set([...a.fit, ...b.fit])].sort(),
    qualification: rankOf(a.qualification) >= rankOf(b.qualification) ? a.qualification : b.qualification,
    people: mergeTraceLists(a.people, b.people),
    last: [...a.last, ...b.last]
      .sort((one, other) => other[4] - one[4] || (one[0] < other[0] ? -1 : 1))
      .slice(0, LAST_TOUCHPOINTS_KEPT),
    alerts,
    ...(outreach ? { outreach } : {}),
    ...(counts ? { counts } : {}),
    ...(meetingAt === null ? {} : { meetingAt }),
    ...(owner === undefined ? {} : { owner }),
    ...(judged === undefined ? {} : { judged }),
    updatedAt: Math.max(a.updatedAt, b.updatedAt),
  };
  return { journey, dropped, ...(droppedAction ? { droppedAction } : {}) };
}

/** Timers do not travel with a state: where it arrives, its clock is set anew. */
export function unarmed(stall: JourneyState['stall']): JourneyState['stall'] {
  // A question that waits at a budget is that of the journey that asked it.
  return { ...stall, at: null, due: null, asked: undefined };
}

export function mergeTraces(a: PersonTrace, b: PersonTrace): PersonTrace {
  const roles = [...new Set([...(a.roles ?? []), ...(b.roles ?? [])])].sort();
  const fit = [...new Set([...(a.fit ?? []), ...(b.fit ?? [])])].sort();
  // Of one person each half may know less: consent must stand in all that speak of it, a refusal in any.
  const consents = [a.consent, b.consent].filter((one) => one !== undefined);
  const consent = (consents[0] ?? []).filter((category) => consents.every((one) => one.includes(category)));
  const zone = [a.zone, b.zone].filter((one) => one !== undefined).sort()[0];
  return {
    id: a.id,
    touchpoints: a.touchpoints + b.touchpoints,
    inboundAt: latest(a.inboundAt, b.inboundAt),
    ...(roles.length ? { roles } : {}),
    ...(fit.length ? { fit } : {}),
    ...(consent.length ? { consent } : {}),
    ...(a.noContact || b.noContact ? { noContact: true as const } : {}),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** A journey's people under the names that the living subject knows them by. */
export function withAliases(journey: JourneyState, aliases: Aliases): JourneyState {
  if (!journey.people.some(({ id }) => aliases[id] !== undefined)) return journey;
  return {
    ...journey,
    people: mergeTraceLists(
      [],
      journey.people.map((trace) => ({ ...trace, id: aliases[trace.id] ?? trace.id })),
    ),
  };
}

function mergeTraceLists(a: JourneyState['people'], b: JourneyState['people']): JourneyState['people'] {
  const merged = new Map<string, PersonTrace>();
  for (const trace of [...a, ...b]) {
    const known = merged.get(trace.id);
    merged.set(trace.id, known ? mergeTraces(known, trace) : trace);
  }
  return [...merged.values()].sort((x, y) => (x.id < y.id ? -1 : 1));
}

/** Of one kind the trouble that sorts last, so that it does not matter whose it was. */
function mergeRoles(
  a: NonNullable<JourneyState['roles']>,
  b: NonNullable<JourneyState['roles']>,
): NonNullable<JourneyState['roles']> {
  const entries = [...Object.entries(a), ...Object.entries(b)].sort(([, one], [, other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries);
}

function mergeOutcome(a: JourneyState, b: JourneyState): Pick<JourneyState, 'status' | 'endedAt'> {
  const ended = [a, b].filter((journey) => journey.endedAt !== null);
  if (ended.length === 0)
    return { status: a.status === 'stalled' || b.status === 'stalled' ? 'stalled' : 'active', endedAt: null };
  const [last] = ended.sort((x, y) => y.endedAt! - x.endedAt! || (x.status === 'won' ? -1 : 1));
  return { status: last!.status, endedAt: last!.endedAt };
}

function mergeAlerts(
  a: JourneyState['alerts'],
  b: JourneyState['alerts'],
): { alerts: JourneyState['alerts']; dropped: AlertState[] } {
  const alerts: Partial<Record<AlertKind, AlertState>> = { ...a };
  const dropped: AlertState[] = [];
  for (const alert of Object.values(b)) {
    const known = alerts[alert.kind];
    const isOlder =
      known && (known.openedAt < alert.openedAt || (known.openedAt === alert.openedAt && known.id < alert.id));
    if (known) dropped.push(isOlder ? alert : known);
    if (!isOlder) alerts[alert.kind] = alert;
  }
  return { alerts, dropped };
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
