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
import { zoneNamed, type Zone } from './zone.ts';

export interface CompiledMeetings {
  booked: Predicate | null;
  cancelled: Predicate | null;
  path: readonly string[] | null;
  grace: Duration;
  /** In which a time that names none is read. */
  zone: Zone;
}

const isBooked = eventPattern(/\b(booked|scheduled|rescheduled)$/i);
const isMoved = eventPattern(/\brescheduled$/i);
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

export function compileMeetings(
  { meetings: source, timezone }: Pick<JourneyDefinition, 'meetings' | 'timezone'>,
  compile: Compile,
): CompiledMeetings {
  return {
    booked: compile(source?.booked, 'meetings.booked'),
    cancelled: compile(source?.cancelled, 'meetings.cancelled'),
    path: source?.at === undefined ? null : source.at.split('.'),
    grace: parseDuration(source?.grace ?? '1 business day')!,
    zone: zoneNamed(timezone ?? 'UTC'),
  };
}

/**
 * When the journey's last meeting is, after this touchpoint: as before, another time, or undefined. Of several booked the latest counts,
 * as where two journeys become one; a rescheduled one takes the place of the one before, and calling one off that is another leaves it.
 */
export function meetingAfter(
  meetings: CompiledMeetings,
  before: number | undefined,
  scene: Scene,
  now: number,
): number | undefined {
  const { touchpoint } = scene;
  if (!touchpoint || touchpoint.event === null) return before;
  const calledOff = meetings.cancelled ? meetings.cancelled(scene) : isCancelled(touchpoint.event);
  if (!calledOff && !(meetings.booked ? meetings.booked(scene) : isBooked(touchpoint.event))) return before;
  const said = timeIn(meetings, touchpoint.properties, scene);
  const at = said !== null && said > now && said - now <= AHEAD_MAX_MS ? said : null;
  // Some say when they were called off, in the past: that names no other meeting.
  if (calledOff) return at === null || at === before ? undefined : before;
  if (at === null || before === undefined || isMoved(touchpoint.event)) return at ?? before;
  return Math.max(at, before);
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
    return instantOf(value, meetings.zone);
  }
  for (const name of TIMES) {
    const at = instantOf(properties[name], meetings.zone);
    if (at !== null) return at;
  }
  return null;
}

const SAYS_ZONE = /:\d{2}.*(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})$/i;
const ISO_WALL = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}[\d:.]*)?$/;

/** ISO text, or epoch milliseconds; seconds where it would else be before 2001. Never read by the zone of the machine. */
function instantOf(value: unknown, zone: Zone): number | null {
  if (typeof value === 'string') {
    const text = value.trim();
    if (SAYS_ZONE.test(text)) return parseInstant(text);
    const wall = parseInstant(ISO_WALL.test(text) ? (text.includes('T') ? `${text}Z` : text) : `${text} UTC`);
    return wall === null ? null : zone.toInstant(wall);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return value < 1e12 ? value * 1_000 : value;
}
