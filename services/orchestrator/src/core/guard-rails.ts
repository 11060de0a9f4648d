/**
 * What outreach may never pass: caps, gaps, quiet hours in the buyer's zone, consent, do-not-contact. Decides whether and when an
 * action may be done; never which.
 */
import { parseDuration, type Duration } from '@cairn/contracts/duration.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { BusinessTime } from './business-time.ts';
import type { Scene, Predicate } from './condition.ts';
import { eventPattern } from './event-pattern.ts';
import type { ActionRequest } from './next-best-action/outreach-state.ts';
import { timeOfDayMs, type Compile } from './play.ts';
import type { PersonTrace } from './state.ts';
import { DAY_MS, zoneNamed } from './zone.ts';

export interface Cap {
  count: number;
  per: Duration;
}

export interface CompiledGuardRails {
  perJourney: Cap | null;
  perPerson: Cap | null;
  minGap: Duration | null;
  /** Milliseconds after midnight on the buyer's wall clock. */
  quiet: { from: number; to: number } | null;
  consent: readonly string[];
  doNotContact: Predicate | null;
}

/** The closed list of what can stand in an action's way. */
export type Obstacle =
  'frequency-cap' | 'action-cap' | 'person-cap' | 'no-consent' | 'do-not-contact' | 'nobody-to-contact' | 'holdout';

const saysNo = eventPattern(/unsubscribe|opted out|do not contact/i);
const saysYes = eventPattern(/subscribed|opted in/i);
const NO_CONTACT_TRAITS = ['doNotContact', 'do_not_contact', 'unsubscribed'];

type Action = { name: string; consent: string | null; atMost: Cap | null };

export function compileGuardRails(source: JourneyDefinition['guardRails'], compile: Compile): CompiledGuardRails {
  return {
    perJourney: capOf(source?.maxActionsPerJourney),
    perPerson: capOf(source?.maxActionsPerPerson),
    minGap: source?.minGap === undefined ? null : parseDuration(source.minGap),
    quiet: source?.quietHours
      ? { from: timeOfDayMs(source.quietHours.from), to: timeOfDayMs(source.quietHours.to) }
      : null,
    consent: source?.requireConsent ?? [],
    doNotContact: compile(source?.doNotContact, 'guardRails.doNotContact'),
  };
}

export function capOf(cap: { count: number; per: string } | undefined): Cap | null {
  return cap ? { count: cap.count, per: parseDuration(cap.per)! } : null;
}

/** Why an action must not be done now, or null. */
export function obstacleTo(
  rails: CompiledGuardRails,
  time: BusinessTime,
  action: Action,
  person: PersonTrace | null,
  requests: readonly ActionRequest[],
  now: number,
): Obstacle | null {
  if (person?.noContact) return 'do-not-contact';
  for (const category of action.consent === null ? rails.consent : [...rails.consent, action.consent])
    if (!person?.consent?.includes(category)) return 'no-consent';
  if (isReached(rails.perJourney, time, requests, now)) return 'frequency-cap';
  const ofAction = requests.filter(([, name]) => name === action.name);
  if (isReached(action.atMost, time, ofAction, now)) return 'action-cap';
  const ofPerson = person ? requests.filter(([, , id]) => id === person.id) : [];
  return isReached(rails.perPerson, time, ofPerson, now) ? 'person-cap' : null;
}

/** When an action may be done at the earliest: after the gap, and outside of quiet hours. Never before `now`. */
export function earliestFor(
  rails: CompiledGuardRails,
  time: BusinessTime,
  zone: string,
  requests: readonly ActionRequest[],
  now: number,
): number {
  const last = requests.at(-1);
  const at = rails.minGap && last ? Math.max(now, time.add(last[0], rails.minGap)) : now;
  return rails.quiet ? afterQuiet(rails.quiet, zone, at) : at;
}

/** What a touchpoint says of whom one may contact, and when: kept with the person's trace. */
export function contactOf(
  categories: readonly string[],
  rails: CompiledGuardRails,
  before: PersonTrace | undefined,
  touchpoint: Touchpoint,
  person: PersonSummary,
  scene: Scene,
): Pick<PersonTrace, 'consent' | 'noContact' | 'zone'> {
  const contact: { -readonly [K in keyof Pick<PersonTrace, 'consent' | 'noContact' | 'zone'>]: PersonTrace[K] } = {};
  if (categories.length > 0) {
    const given = preferencesOf(touchpoint);
    const consent = categories.filter((category) => given?.[category] ?? before?.consent?.includes(category) ?? false);
    if (consent.length > 0) contact.consent = consent;
  }
  if (isNoContact(touchpoint, person, before) || rails.doNotContact?.(scene)) contact.noContact = true;
  if (rails.quiet) {
    const zone = touchpoint.context['timezone'] ?? person.traits['timezone'];
    const known = typeof zone === 'string' && zone.length < 50 ? zone : before?.zone;
    if (known !== undefined) contact.zone = known;
  }
  return contact;
}

/** Who unsubscribes is not contacted again until they subscribe again. */
export function isUnsubscribe(touchpoint: Touchpoint): boolean {
  return touchpoint.event !== null && saysNo(touchpoint.event);
}

function isNoContact(touchpoint: Touchpoint, person: PersonSummary, before: PersonTrace | undefined): boolean {
  const { traits } = person;
  for (const name of NO_CONTACT_TRAITS) if (typeof traits[name] === 'boolean') return traits[name];
  if (isUnsubscribe(touchpoint)) return true;
  if (touchpoint.event !== null && saysYes(touchpoint.event)) return false;
  return before?.noContact ?? false;
}

function preferencesOf({ context }: Touchpoint): Record<string, boolean> | null {
  const consent = context['consent'] as { categoryPreferences?: unknown } | undefined;
  const given = typeof consent === 'object' && consent !== null ? consent.categoryPreferences : undefined;
  if (typeof given !== 'object' || given === null) return null;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'boolean'));
}

function isReached(cap: Cap | null, time: BusinessTime, requests: readonly ActionRequest[], now: number): boolean {
  if (!cap) return false;
  return requests.filter(([at]) => time.add(at, cap.per) > now).length >= cap.count;
}

function afterQuiet({ from, to }: { from: number; to: number }, name: string, at: number): number {
  const zone = zoneNamed(name);
  const wall = zone.toWall(at);
  const day = Math.floor(wall / DAY_MS);
  const timeOfDay = wall - day * DAY_MS;
  const overnight = from > to;
  const isQuiet = overnight ? timeOfDay >= from || timeOfDay < to : timeOfDay >= from && timeOfDay < to;
  if (!isQuiet) return at;
  const endDay = overnight && timeOfDay >= from ? day + 1 : day;
  return Math.max(at, zone.toInstant(endDay * DAY_MS + to));
}
