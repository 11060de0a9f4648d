import { parseInstant } from '@cairn/clock/calendar.ts';

/** An HTTP date as RFC 9110 has it: only the preferred form, so that garbage is not read as a date by a lenient parser. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * A `Retry-After` in seconds or as an HTTP date → ms from `now`, not capped. Null for what is neither, negative, or over already:
 * the schedule then stands alone.
 */
export function readRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return null;
  const at = parseInstant(text);
  return at === null || at <= now ? null : at - now;
}
