/** Journey state → the resource of API.md section 4, as of `now`. Shows, decides nothing. */
import { formatDuration, formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import type { Journey, JourneyPerson } from '@cairn/contracts/generated/journey.ts';
import type { CompiledDefinition } from './definition/compile-definition.ts';
import { SHIPPED_MODELS, winProbability, type JourneyModels } from './learn/predict.ts';
import { ENTERED_BY_TIME, type JourneyState, type SubjectState } from './state.ts';
import { byId } from './people.ts';
import { renderAction } from './render-action.ts';
import { renderAlert } from './render-alert.ts';
import { accountScoreOf } from './score/account-score.ts';
import { engagementAt } from './score/engagement.ts';
import { fitOf } from './score/fit.ts';
import { totalOf } from './score/total.ts';
import { normalPauseMs } from './stall/fixed-stall.ts';
import { learnedPace } from './stall/learned/learned-stall.ts';
import { nameOf, ownerOf } from './subject.ts';

/** Where a journey stands: whose it is, in which workspace. */
export interface JourneyPlace {
  workspace: string;
  subject: SubjectState;
  definition: CompiledDefinition;
  /** What is learned of it; absent: what is shipped. */
  models?: JourneyModels;
}

/** One journey per definition and subject; a person within an account has one of their own there. */
export function journeyIdOf({ workspace, subject, definition }: JourneyPlace): string {
  return journeyId(workspace, definition.name, slotOf(subject));
}

/** What a subject's state and its journeys' records are kept under: the subject's id, or account and person. */
export function slotOf(subject: Pick<SubjectState, 'id' | 'host'>): string {
  return subject.host === null ? subject.id : `${subject.host}~${subject.id}`;
}

export function renderJourney(
  place: JourneyPlace,
  journey: JourneyState,
  now: number,
  absorbedInto: string | null,
): Journey {
  const { workspace, subject, definition } = place;
  const { account } = subject;
  const { engagement, reasons: engagementReasons } = engagementAt(definition, journey.points, now);
  const { fit, reasons: fitReasons } = fitOf(definition, journey);
  const reasons = [...engagementReasons, ...fitReasons];
  const isOpen = journey.status !== 'won' && journey.status !== 'lost';
  const learned = isOpen ? learnedPace(definition, place.models ?? SHIPPED_MODELS, journey, now) : null;
  const normalMs = learned ? learned.normalPauseMs : normalPauseMs(journey.pauses);
  const action = absorbedInto === null ? journey.outreach?.action : undefined;
  return {
    id: journey.id,
    workspace,
    definition: definition.name,
    definitionVersion: definition.version,
    unit: subject.unit,
    subject: subject.host === null ? { unit: subject.unit, id: subject.id } : { unit: 'account', id: subject.host },
    name: nameOf(subject),
    owner: ownerOf(subject) ?? journey.owner ?? null,
    account: account && { id: account.id, name: account.name, domain: account.domain, traits: account.traits },
    // They went with it. The last record of an absorbed journey stays for ever, and nobody tells it who is erased later.
    people: absorbedInto === null ? renderPeople(subject, journey) : [],
    stage: journey.stage,
    stageSince: formatInstant(journey.stageSince),
    stages: journey.visits.map(([stage, enteredAt, leftAt, touchpointId]) => ({
      stage,
      enteredAt: formatInstant(enteredAt),
      leftAt: formatInstantOrNull(leftAt),
      touchpointId: touchpointId === ENTERED_BY_TIME ? null : touchpointId,
    })),
    status: absorbedInto === null ? journey.status : 'absorbed',
    endedAt: formatInstantOrNull(journey.endedAt),
    score: {
      engagement,
      fit,
      // Added up in the order of the reasons, so that they are the total to the last bit.
      total: totalOf(reasons),
      qualification: journey.qualification,
      winProbability: isOpen
        ? winProbability({ definition, models: place.models ?? SHIPPED_MODELS, journey, now })
        : null,
      reasons,
      fitReasons,
      account: accountScoreOf(definition, journey, subject.unit),
    },
    pace: {
      lastInboundAt: formatInstantOrNull(journey.inboundAt),
      lastOutboundAt: formatInstantOrNull(journey.outboundAt),
      silentFor: journey.inboundAt === null ? null : formatDuration(now - journey.inboundAt),
      normalPause: normalMs === null ? null : formatDuration(normalMs),
      stallsAt: formatInstantOrNull(journey.stall.at),
      stallProbability: learned ? learned.probability : null,
      basis: learned ? 'learned' : journey.stall.at === null ? null : 'fixed',
    },
    alerts:
      absorbedInto === null ? Object.values(journey.alerts).map((alert) => renderAlert(place, journey, alert)) : [],
    nextBestAction: action ? { ...renderAction(place, journey.id, action, { state: action.state }) } : null,
    touchpoints: journey.touchpoints,
    channels: [...journey.channels],
    absorbedInto,
    halfLifeMs: definition.halfLifeMs,
    seq: journey.seq,
    updatedAt: formatInstant(now),
  };
}

function renderPeople(subject: SubjectState, journey: JourneyState): JourneyPerson[] {
  const people: JourneyPerson[] = [];
  for (const trace of journey.people) {
    const info = byId(subject.people, trace.id);
    if (!info) continue;
    people.push({
      id: trace.id,
      name: info.name,
      email: info.email,
      roles: [...(trace.roles ?? [])],
      lastInboundAt: formatInstantOrNull(trace.inboundAt),
      touchpoints: trace.touchpoints,
    });
  }
  return people;
}
