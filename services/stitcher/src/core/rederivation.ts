import type { Rederivation, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { ownerOfMembership, subjectOf } from './account-membership.ts';
import { readAccount, readPerson, type Draft } from './identity-graph.ts';
import { accountSummary, personSummary } from './summaries.ts';

/**
 * Who belongs to whom was not what it seemed: orders that the journeys concerned be derived anew. Each subject gets the same order
 * with all it needs, so that nobody has to ask the graph later, when it may have changed. Decides nothing of journeys.
 */
export interface RederivedPart {
  id: string;
  /** `namespace:value`; the touchpoints that follow them. */
  ids: readonly string[];
  /** Accounts that it was never to belong to: touchpoints leave them. */
  except?: readonly string[];
}

/** `were`: whom the touchpoints concerned name. `holders`: subjects that may hold touchpoints of theirs now. */
export function orderRederivation(
  draft: Draft,
  were: readonly string[],
  parts: readonly RederivedPart[],
  holders: readonly SubjectRef[],
): void {
  const people = parts.map((part) => rederivedPerson(draft, part));
  const subjects = [
    ...new Map([...holders, ...people.map(({ subject }) => subject)].map((one) => [one.id, one])).values(),
  ];
  const rederivation: Rederivation = { subjects, were: [...were], people };
  const { workspace, now: at, cause } = draft;
  for (const subject of subjects) {
    const account = subject.unit === 'account' ? (readAccount(draft, subject.id) ?? null) : null;
    (draft.notices ??= []).push({
      to: 'subject',
      subjectId: subject.id,
      message: {
        type: 'subject.rederive',
        workspace,
        at,
        subject,
        account: account && accountSummary(subject.id, account),
        job: cause,
        rederivation,
        cause,
      },
    });
  }
}

function rederivedPerson(draft: Draft, { id, ids, except = [] }: RederivedPart): Rederivation['people'][number] {
  const person = readPerson(draft, id)!;
  const accounts: Rederivation['people'][number]['accounts'] = [];
  for (const membership of person.memberships ?? []) {
    const accountId = ownerOfMembership(draft, membership);
    if (accountId !== null && !except.includes(accountId))
      accounts.push({ accountId, from: membership.from, to: membership.to ?? null });
  }
  return { person: personSummary(id, person), ids: [...ids], subject: subjectOf(draft, id, person), accounts };
}
