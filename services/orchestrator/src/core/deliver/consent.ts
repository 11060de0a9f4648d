/** What a touchpoint says of whether its person may be contacted. Decides nothing about who needs to have asked. */
import { isUnsubscribe } from '../guard-rails.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';

/** Beside the categories of consent: the person wants to hear nothing at all. */
export const DO_NOT_CONTACT = 'do-not-contact';
const DO_NOT_CONTACT_TRAITS = ['doNotContact', 'do_not_contact', 'unsubscribed'] as const;

export interface ConsentSaid {
  denied: readonly string[];
  given: readonly string[];
}

/** Unsubscribing says so as an event, subscribing again takes it back. null: it says nothing. Categories are those of Segment's `context.consent.categoryPreferences`. */
export function consentSaid(touchpoint: Touchpoint): ConsentSaid | null {
  const { context, traits, event } = touchpoint;
  const consent = context['consent'] as { categoryPreferences?: unknown } | null | undefined;
  const preferences = consent?.categoryPreferences;
  const denied: string[] = [];
  const given: string[] = [];
  if (typeof preferences === 'object' && preferences !== null)
    for (const [category, allowed] of Object.entries(preferences))
      if (typeof allowed === 'boolean') (allowed ? given : denied).push(category);
  for (const name of DO_NOT_CONTACT_TRAITS) {
    const said = traits[name];
    if (typeof said === 'boolean') (said ? denied : given).push(DO_NOT_CONTACT);
  }
  if (isUnsubscribe(touchpoint)) denied.push(DO_NOT_CONTACT);
  else if (event !== null && /subscribed|opted in/i.test(event)) given.push(DO_NOT_CONTACT);
  return denied.length + given.length === 0 ? null : { denied, given };
}
