/**
 * Meetings that lie ahead: a buyer who is silent until the meeting that they booked is not silent. Decides until when the stall clock
 * stands still; never what a stall is.
 */
import { parseInstant } from '@cairn/clock/calendar.ts';
import { parseDuration, type Duration } from '@cairn/contracts/duration.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { BusinessTime } from './business-time.ts';
import type { Predicate, Scene } from './condition.ts';
import { eventPattern } from './event-pattern.ts';
import type { Compile } from './play.ts';

export interface CompiledMeetings {
  booked: Predicate | null;
  cancelled: Predicate | null;
  path: readonly string[] | null;
  grace: Duration;
}

const isBooked = eventPattern(/\b(booked|scheduled|rescheduled)$/i);
const isCancelled = eventPattern(/\b(cancelled|canceled)$/i);
/** What calendars and CRMs call it. */
const TIMES = [
  'startsAt',
  'starts_at',
  'startTime',
  'start_time',
  'start',
  'meetingAt',
  'meeting_at',
  'scheduledFor',
  'scheduled_for',
  'scheduledAt',
  'scheduled_at',
  'meetingTime',
  'meetingDate',
  'date',
  'at',
];
/** A meeting in three years is a slip; it would silence a journey for good. */
const AHEAD_MAX_MS = 366 * 86_400_000;

export function compileMeetings(source: JourneyDefinition['meetings'], compile: Compile): CompiledMeetings {
  return {
    booked: compile(source?.booked, 'meetings.booked'),
    cancelled: compile(source?.cancelled, 'meetings.cancelled'),
    path: source?.at === undefined ? null : source.at.split('.'),
    grace: parseDuration(source?.grace ?? '1 business day')!,
  };
}

/** When the journey's next meeting is, after this touchpoint: as before, another time, or null. */
export function meetingAfter(
  meetings: CompiledMeetings,
  before: number | undefined,
  scene: Scene,
  now: number,
): number | undefined {
  const { touchpoint } = scene;
  if (!touchpoint || touchpoint.event === null) return before;
  if (meetings.cancelled ? meetings.cancelled(scene) : isCancelled(touchpoint.event)) return undefined;
  if (!(meetings.booked ? meetings.booked(scene) : isBooked(touchpoint.event))) return before;
  const at = timeIn(meetings, touchpoint.properties, scene);
  return at !== null && at > now && at - now <= AHEAD_MAX_MS ? at : before;
}

/** Until when a silence is no stall; -Infinity where no meeting was booked. */
export function suspendedUntil(meetings: CompiledMeetings, time: BusinessTime, meetingAt: number | undefined): number {
  return meetingAt === undefined ? -Infinity : time.add(meetingAt, meetings.grace);
}

function timeIn(
  meetings: CompiledMeetings,
  properties: Readonly<Record<string, unknown>>,
  { touchpoint }: Scene,
): number | null {
  if (meetings.path) {
    let value: unknown = touchpoint;
    for (const name of meetings.path)
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined;
    return instantOf(value);
  }
  for (const name of TIMES) {
    const at = instantOf(properties[name]);
    if (at !== null) return at;
  }
  return null;
}

/** ISO text, or epoch milliseconds; seconds where it would else be before 2001. */
function instantOf(value: unknown): number | null {
  if (typeof value === 'string') return parseInstant(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return value < 1e12 ? value * 1_000 : value;
}
