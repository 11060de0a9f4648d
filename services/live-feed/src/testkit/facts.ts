/** Facts as the orchestrator, the stitcher and ingest write them, for tests: small, whole, checked against their schemas by `facts.test.ts`. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Alert, AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { Person, PersonChanged } from '@cairn/contracts/generated/identity.ts';
import type { Journey, JourneyChanged, TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import { idOf, journeyId } from '@cairn/contracts/ids.ts';

export const NOON = Date.UTC(2026, 0, 5, 12);
const DEFINITION = 'b2b-sales';

export const journeyIdOf = (workspace: string, subject: string): string => journeyId(workspace, DEFINITION, subject);

export function journey(workspace: string, subject: string, given: Partial<Journey> = {}): Journey {
  return {
    id: journeyIdOf(workspace, subject),
    workspace,
    definition: DEFINITION,
    definitionVersion: 1,
    unit: 'account',
    subject: { unit: 'account', id: subject },
    name: subject,
    owner: null,
    account: { id: subject, name: subject, domain: `${subject}.example`, traits: {} },
    people: [
      {
        id: 'per_ann',
        name: 'Ann',
        email: 'ann@acme.example',
        roles: ['user'],
        lastInboundAt: formatInstant(NOON),
        touchpoints: 1,
      },
    ],
    stage: 'awareness',
    stageSince: formatInstant(NOON),
    stages: [{ stage: 'awareness', enteredAt: formatInstant(NOON), leftAt: null, touchpointId: null }],
    status: 'active',
    score: { engagement: 10, fit: 5, total: 15, qualification: null, winProbability: null, reasons: [] },
    pace: {
      lastInboundAt: formatInstant(NOON),
      lastOutboundAt: null,
      silentFor: 'PT0S',
      normalPause: null,
      stallsAt: null,
      stallProbability: null,
      basis: null,
    },
    alerts: [],
    nextBestAction: null,
    touchpoints: 1,
    channels: ['web'],
    absorbedInto: null,
    halfLifeMs: null,
    seq: 1,
    updatedAt: formatInstant(NOON),
    ...given,
  };
}

export function touchpoint(id: string, given: Partial<TouchpointItem> = {}): TouchpointItem {
  return {
    id,
    messageId: `m-${id}`,
    type: 'track',
    event: 'Page Viewed',
    timestamp: formatInstant(NOON),
    receivedAt: formatInstant(NOON),
    direction: 'inbound',
    channel: 'web',
    personId: 'per_ann',
    accountId: null,
    properties: {},
    ...given,
  };
}

export function journeyChanged(of: Journey, given: Partial<JourneyChanged> = {}): JourneyChanged {
  return {
    type: 'journey.changed',
    factId: idOf('fct', of.id, of.seq),
    workspace: of.workspace,
    at: NOON,
    journey: of,
    touchpoint: null,
    events: [],
    from: null,
    imported: false,
    cause: 'test',
    ...given,
  };
}

export function alert(workspace: string, subject: string, id: string, given: Partial<Alert> = {}): Alert {
  return {
    id,
    workspace,
    journeyId: journeyIdOf(workspace, subject),
    subject: { unit: 'account', id: subject },
    definition: DEFINITION,
    kind: 'stall',
    stage: 'consideration',
    owner: null,
    state: 'open',
    openedAt: formatInstant(NOON),
    reason: {
      text: 'No reply for 6 business days; 2.1 is normal here',
      silentFor: 'P6D',
      normalPause: 'P2D',
      probability: null,
      quietPersonId: 'per_ann',
      lastTouchpoints: [],
    },
    nextBestAction: null,
    snoozedUntil: null,
    verdict: null,
    resolvedBy: null,
    history: [{ at: formatInstant(NOON), state: 'open', by: 'clock' }],
    ...given,
  };
}

export function alertFact(of: Alert, type: AlertFact['type'], given: Partial<AlertFact> = {}): AlertFact {
  return {
    type,
    factId: idOf('fct', of.id, type),
    workspace: of.workspace,
    at: NOON,
    alert: of,
    journey: { id: of.journeyId },
    imported: false,
    commandId: null,
    ...given,
  };
}

export function person(workspace: string, id: string, given: Partial<Person> = {}): PersonChanged {
  return {
    type: 'person.changed',
    workspace,
    at: NOON,
    person: {
      id,
      workspace,
      ids: [],
      traits: {},
      name: null,
      createdAt: NOON,
      accounts: [],
      mergedFrom: [],
      mergedInto: null,
      version: 1,
      ...given,
    },
    cause: 'test',
  };
}

export function deadLetter(workspace: string, id: string, given: Partial<DeadLetter> = {}): DeadLetter {
  return {
    type: 'dead-letter',
    id,
    workspace,
    at: NOON,
    reason: 'missing-event',
    messageId: null,
    raw: '{}',
    service: 'ingest',
    error: null,
    position: null,
    ...given,
  };
}
