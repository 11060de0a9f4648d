/** What was known of people and accounts at each moment of the past: the newest value of each trait by touchpoint time. Pure. */
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';

/** Trait → its value and the touchpoint time of it. */
export type PastTraits = Readonly<Record<string, readonly [value: unknown, at: number]>>;

/** As many as a person or an account keeps. */
const TRAITS_MAX = 100;

/** For a group() call `traits` are the account's; `context.traits` are always the person's. */
export function personTraitsAfter(before: PastTraits, touchpoint: Touchpoint): PastTraits {
  const { context, kind, traits, timestamp } = touchpoint;
  const after = withTraits(before, context.traits, timestamp);
  return kind === 'group' ? after : withTraits(after, traits, timestamp);
}

export function accountTraitsAfter(before: PastTraits, touchpoint: Touchpoint): PastTraits {
  return touchpoint.kind === 'group' ? withTraits(before, touchpoint.traits, touchpoint.timestamp) : before;
}

export function personThen(known: PersonSummary | null, id: string, past: PastTraits): PersonSummary {
  const traits = valuesOf(past);
  if (known) return { ...known, traits };
  const text = (name: string): string | null => (typeof traits[name] === 'string' ? traits[name] : null);
  return { id, userId: null, name: text('name'), email: text('email'), anonymous: false, traits };
}

/** Accounts whose traits come from elsewhere (a CRM, none at all) are as they are now. */
export function accountThen(now: AccountSummary, past: PastTraits): AccountSummary {
  return now.groupId === null ? now : { ...now, traits: valuesOf(past) };
}

function valuesOf(past: PastTraits): Record<string, unknown> {
  return Object.fromEntries(Object.entries(past).map(([name, [value]]) => [name, value]));
}

function withTraits(before: PastTraits, said: unknown, at: number): PastTraits {
  if (typeof said !== 'object' || said === null) return before;
  const entries = Object.entries(said).filter(([name]) => {
    const known = before[name];
    return known ? known[1] <= at : Object.keys(before).length < TRAITS_MAX;
  });
  if (entries.length === 0) return before;
  return { ...before, ...Object.fromEntries(entries.map(([name, value]) => [name, [value, at] as const])) };
}
