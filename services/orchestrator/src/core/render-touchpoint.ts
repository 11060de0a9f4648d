/** A touchpoint as the API answers it (API.md section 4), whole or as an alert shows it. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { roughSize } from './rough-size.ts';
import { LAST_PROPERTIES_CHARS, type LastTouchpoint } from './state.ts';

export function renderTouchpoint(
  touchpoint: Touchpoint,
  direction: TouchpointItem['direction'],
  personId: string | null,
  accountId: string | null,
): TouchpointItem {
  return {
    id: touchpoint.id,
    messageId: touchpoint.messageId,
    type: touchpoint.kind,
    event: touchpoint.event,
    timestamp: formatInstant(touchpoint.timestamp),
    receivedAt: formatInstant(touchpoint.receivedAt),
    direction,
    channel: touchpoint.channel,
    personId,
    accountId,
    properties: touchpoint.properties,
  };
}

/** What a journey keeps of a touchpoint. `at`: its time, never later than now. */
export function lastTouchpointOf(
  touchpoint: Touchpoint,
  direction: TouchpointItem['direction'],
  at: number,
  personId: string | null,
): LastTouchpoint {
  const { id, messageId, kind, event, receivedAt, channel, properties } = touchpoint;
  const small = roughSize(properties, LAST_PROPERTIES_CHARS) <= LAST_PROPERTIES_CHARS;
  return [id, messageId, kind, event, at, receivedAt, direction, channel, personId, small ? properties : null];
}

export function renderLastTouchpoints(last: readonly LastTouchpoint[], accountId: string | null): TouchpointItem[] {
  return last.map(([id, messageId, type, event, timestamp, receivedAt, direction, channel, personId, properties]) => ({
    id,
    messageId,
    type,
    event,
    timestamp: formatInstant(timestamp),
    receivedAt: formatInstant(receivedAt),
    direction,
    channel,
    personId,
    accountId,
    properties: properties ?? {},
  }));
}
