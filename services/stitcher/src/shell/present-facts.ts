import { formatInstant } from '@cairn/clock/calendar.ts';

/** Facts as the API shows them: times in ISO-8601. Inside they are epoch milliseconds, under these names. */
const TIMES = new Set(['at', 'firstSeen', 'from', 'to', 'createdAt']);

/** Traits are the sender's: nothing in them is a time of ours. */
const OPAQUE = new Set(['traits']);

export function presentFact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(presentFact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (OPAQUE.has(name)) return [name, inner];
      // `from` is a person in a merge, a time in a membership.
      return [name, TIMES.has(name) && typeof inner === 'number' ? formatInstant(inner) : presentFact(inner)];
    }),
  );
}
