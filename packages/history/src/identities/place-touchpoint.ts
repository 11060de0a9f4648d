/**
 * On whose journeys a touchpoint would be, had the person always been who it turned out to be: the rules of DESIGN section 6, point 6,
 * applied backwards. Pure.
 */
import type { Rederivation, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import type { Candidate } from './subject-history.ts';

export type RederivedPerson = Rederivation['people'][number];

/** The person that a touchpoint follows; null: none of them, it stays where it is. */
export function followedBy(people: readonly RederivedPerson[], stitchKey: string): RederivedPerson | null {
  return people.find(({ ids }) => ids.includes(stitchKey)) ?? null;
}

/**
 * The account that it named stays its account; else one that the person was ever a member of; else what the person belonged to at that
 * time, or joined next (which took its journeys over), or nothing: then it is the person's own.
 */
export function placeOf(
  person: RederivedPerson,
  touchpoint: Pick<Candidate, 'accountId' | 'named' | 'timestamp'>,
): SubjectRef {
  const { accountId, named, timestamp } = touchpoint;
  const { accounts } = person;
  if (accountId !== '' && (named || accounts.some((membership) => membership.accountId === accountId)))
    return { unit: 'account', id: accountId };
  const then = accounts.findLast(({ from, to }) => from <= timestamp && (to === null || timestamp < to));
  const next = accounts.reduce<RederivedPerson['accounts'][number] | null>(
    (soonest, one) => (one.from > timestamp && (soonest === null || one.from < soonest.from) ? one : soonest),
    null,
  );
  const account = then ?? next;
  return account ? { unit: 'account', id: account.accountId } : { unit: 'person', id: person.person.id };
}
