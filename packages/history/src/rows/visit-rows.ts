/**
 * Where a journey was and when, for the map and the funnel: its visits as of its newest change. Only a change that may have moved a visit,
 * the status or the owner is read whole; of an ordinary touchpoint the head says that it moved none. Decides nothing about the journey.
 */
import { parseInstant } from '@cairn/clock/calendar.ts';
import type { Journey, JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { ChangeHead } from '@cairn/contracts/journey-head.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { TableRow } from './rows-of.ts';

export type Position = { log_partition: number; log_offset: string };

export function visitRows(bytes: Uint8Array, fact: ChangeHead, position: Position): TableRow[] {
  if (!mayHaveMoved(fact)) return [];
  const { journey } = decodeJson(bytes) as JourneyChanged;
  const rows = [visitRow(journey, position)];
  if (isRebuilt(fact, journey)) {
    rows.push(rebuildRow(journey, journey.id, position));
    if (journey.absorbedInto !== null) rows.push(rebuildRow(journey, journey.absorbedInto, position));
  }
  return rows;
}

function mayHaveMoved({ events, head }: ChangeHead): boolean {
  return head.seq <= 1 || events.length > 0 || head.touch === null || head.touch.at < head.stageSince;
}

/** Whether stages written beside earlier touchpoints may be wrong now: it came late, or two journeys became one. Then the visits decide. */
function isRebuilt({ events, head }: ChangeHead, { pace, absorbedInto }: Journey): boolean {
  if (absorbedInto !== null || events.includes('rederived')) return true;
  const { touch } = head;
  if (touch === null) return false;
  if (touch.at < head.stageSince) return true;
  const last = Math.max(parseInstant(pace.lastInboundAt ?? '') ?? 0, parseInstant(pace.lastOutboundAt ?? '') ?? 0);
  return events.includes('stage_changed') && touch.at < last;
}

function visitRow(journey: Journey, position: Position): TableRow {
  const { stages } = journey;
  return {
    table: 'journey_visits',
    month: 0,
    row: {
      workspace: journey.workspace,
      definition: journey.definition,
      journey_id: journey.id,
      subject_id: journey.subject.id,
      seq: journey.seq,
      unit: journey.unit,
      status: journey.status,
      absorbed_into: journey.absorbedInto ?? '',
      started_at: instant(stages[0]?.enteredAt),
      ended_at: instant(journey.endedAt),
      stages: stages.map(({ stage }) => stage),
      entered: stages.map(({ enteredAt }) => instant(enteredAt)),
      owner: journey.owner ?? '',
      qualification: journey.score.qualification ?? '',
      roles: [...new Set(journey.people.flatMap(({ roles }) => roles))].sort(),
      channels: journey.channels,
      // An account's alone: what is known of a person stays where it can be erased.
      traits: JSON.stringify(journey.unit === 'account' ? (journey.account?.traits ?? {}) : {}),
      ...position,
    },
  };
}

function rebuildRow({ workspace, definition }: Journey, journeyId: string, position: Position): TableRow {
  return { table: 'journey_rebuilds', month: 0, row: { workspace, definition, journey_id: journeyId, ...position } };
}

/** 0 (1970) stands for no instant: no journey ended then. */
const instant = (text: string | null | undefined): number => (text ? (parseInstant(text) ?? 0) : 0);
