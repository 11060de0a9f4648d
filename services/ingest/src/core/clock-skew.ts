import { parseInstant } from '@cairn/clock/calendar.ts';

/**
 * When a touchpoint happened, by our clock: `receivedAt − (sentAt − timestamp)`. A client's clock may be wrong, but it is wrong by
 * the same amount in both. Never reads the time; never guesses a time zone.
 */
export type Timing = { timestamp: number; originalTimestamp: string | null } | 'invalid-timestamp';

/** A clock that is ahead by more is wrong, not skewed; without `sentAt` it cannot be corrected. */
const AHEAD_MS_MAX = 86_400_000;
/** As a number of seconds or milliseconds since 1970, anything from 1973 to 5138 can be told apart. */
const SECONDS_LEAST = 1e8;
const MILLISECONDS_LEAST = 1e11;
const MILLISECONDS_MOST = 1e14;

/** A `timestamp` that cannot be read is a refusal. `sentAt` by the client's clock, null where it is not known. Instants in epoch ms. */
export function correctSkew(timestamp: unknown, sentAt: number | null, receivedAt: number): Timing {
  if (isEmpty(timestamp)) return { timestamp: receivedAt, originalTimestamp: null };
  const original = readInstant(timestamp);
  if (original === null) return 'invalid-timestamp';
  const corrected = sentAt === null ? original : receivedAt - (sentAt - original);
  const believable = original >= 0 && corrected >= 0 && corrected <= receivedAt + AHEAD_MS_MAX;
  return { timestamp: believable ? corrected : receivedAt, originalTimestamp: String(timestamp) };
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;
/** RFC 9110 and RFC 5322 dates: `Wed, 01 Feb 2012 10:00:00 GMT`. */
const MAIL = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})$/;

/** Epoch ms of ISO-8601, of a mail date, or of a number of seconds or milliseconds. Without a zone it is UTC. Null: no time. */
export function readInstant(value: unknown): number | null {
  if (typeof value === 'number') return readNumber(value);
  if (typeof value !== 'string') return null;
  // By far the most common shape: 2026-01-31T12:00:00.000Z.
  const iso = ISO.exec(value);
  if (!iso) return MAIL.test(value) ? parseInstant(value) : null;
  if (value[8]! >= '2' && value.slice(8, 10) > '28' && !isDayOfMonth(value)) return null;
  const zone = iso[1];
  if (zone === 'Z' && value[10] === 'T') return parseInstant(value);
  if (value.length === 10) return parseInstant(value);
  const wall = value.slice(0, value.length - (zone?.length ?? 0)).trimEnd();
  return parseInstant(`${wall.slice(0, 10)}T${wall.slice(11)}${plainZone(zone)}`);
}

/** Of days after the 28th. `Date.parse` reads 30 February as 2 March; no calendar has it. */
function isDayOfMonth(iso: string): boolean {
  const [year, month, day] = [Number(iso.slice(0, 4)), iso.slice(5, 7), Number(iso.slice(8, 10))];
  if (month === '02') return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day < 31 || !['04', '06', '09', '11'].includes(month);
}

function plainZone(zone: string | undefined): string {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 'Z';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function readNumber(value: number): number | null {
  if (value >= MILLISECONDS_LEAST && value <= MILLISECONDS_MOST) return Math.round(value);
  if (value >= SECONDS_LEAST && value < MILLISECONDS_LEAST) return Math.round(value * 1000);
  return null;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'null' || value === 'undefined';
}
