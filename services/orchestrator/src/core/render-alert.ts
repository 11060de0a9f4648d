/** Alert state → the resource of API.md section 4, and the summary of its journey that goes with each fact. */
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { Alert } from '@cairn/contracts/generated/alert.ts';
import type { Journey } from '@cairn/contracts/generated/journey.ts';
import type { JourneyPlace } from './render-journey.ts';
import { renderAction } from './render-action.ts';
import type { AlertState, JourneyState } from './state.ts';
import { ownerOf } from './subject.ts';

export function renderAlert(
  place: JourneyPlace,
  journey: Pick<JourneyState, 'id' | 'outreach' | 'owner'>,
  alert: AlertState,
): Alert {
  const { subject } = place;
  const action = journey.outreach?.action;
  return {
    id: alert.id,
    workspace: place.workspace,
    journeyId: journey.id,
    subject: subject.host === null ? { unit: subject.unit, id: subject.id } : { unit: 'account', id: subject.host },
    definition: place.definition.name,
    kind: alert.kind,
    stage: alert.stage,
    owner: ownerOf(subject) ?? journey.owner ?? null,
    state: alert.state,
    openedAt: formatInstant(alert.openedAt),
    reason: alert.reason,
    nextBestAction:
      action?.alertId === alert.id ? { ...renderAction(place, journey.id, action, { state: action.state }) } : null,
    snoozedUntil: formatInstantOrNull(alert.snoozedUntil),
    verdict: alert.verdict,
    resolvedBy: alert.resolvedBy,
    history: alert.history.map(([at, state, by]) => ({ at: formatInstant(at), state, by })),
  };
}

/** Enough of a journey to read an alert by, without another request. */
export function summariseJourney(journey: Journey): Record<string, unknown> {
  const { id, name, definition, unit, stage, status, score, account, owner, people, touchpoints, seq } = journey;
  const { engagement, fit, total, qualification } = score;
  return {
    id,
    name,
    definition,
    unit,
    stage,
    status,
    score: { engagement, fit, total, qualification },
    account: account && { id: account.id, name: account.name, domain: account.domain },
    owner,
    people: people.length,
    touchpoints,
    seq,
  };
}
