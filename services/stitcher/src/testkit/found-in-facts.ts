import type { IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import type { StitchedFile, StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { accountOfLabel, type FoundPerson, type FoundWorld, type StitchCase } from './run-case.ts';

/** What was told: to subjects (`journey-inbox`) and in `identities`, each in its order. */
export interface Told {
  subjects: readonly StitchedFile[];
  identities: readonly IdentityFile[];
}

/**
 * What a reader of the facts alone makes of a case: who there is, whose each touchpoint is, who is on which account. The rules that every
 * view must follow, written down once for tests. `stepOf`: the step that sent a touchpoint.
 */
export function foundInFacts(
  stitchCase: StitchCase,
  workspace: string,
  told: Told,
  stepOf: (messageId: string) => number,
): FoundWorld {
  const people = new Map<string, Person>();
  const accountsMergedInto = new Map<string, string>();
  for (const fact of told.identities) {
    if (fact.type === 'person.changed') people.set(fact.person.id, fact.person);
    if (fact.type === 'person.erased') for (const id of [fact.personId, ...fact.absorbed]) people.delete(id);
    if (fact.type !== 'account.changed') continue;
    if (fact.mergedInto === null) accountsMergedInto.delete(fact.account.id);
    else accountsMergedInto.set(fact.account.id, fact.mergedInto);
  }
  const labels = labelsOf(stitchCase, workspace);
  const label = (id: string): string => labels.get(id) ?? id;
  const touchpoints = told.subjects.filter((message) => message.type === 'touchpoint.stitched');
  const calls = callsByOwner(touchpoints, told.identities, ({ touchpoint }) => stepOf(touchpoint.messageId));
  const everybody = new Set(
    told.identities.flatMap((fact) => (fact.type === 'person.changed' ? [fact.person.id] : [])),
  );

  const living = [...people.values()].filter(({ mergedInto }) => mergedInto === null);
  return {
    people: living.map((person): FoundPerson => {
      const account = person.accounts.find(({ to }) => to === null)?.accountId;
      return {
        ids: person.ids.filter(({ shared }) => !shared).map(({ namespace, value }) => `${namespace}:${value}`),
        shared: person.ids.filter(({ shared }) => shared).map(({ namespace, value }) => `${namespace}:${value}`),
        account: account === undefined ? null : label(accountsMergedInto.get(account) ?? account),
        calls: (calls.get(person.id) ?? []).sort((a, b) => a - b),
        traits: person.traits,
        mergedFrom: person.mergedFrom.length,
      };
    }),
    decisions: told.identities.flatMap((fact) =>
      fact.type === 'identity.decision' ? [`${fact.decision} ${fact.namespace}:${fact.value}`] : [],
    ),
    answers: told.identities.flatMap((fact) => (fact.type === 'command.answered' ? [fact.code ?? 'ok'] : [])),
    duplicates: duplicatesOf(stitchCase, touchpoints, stepOf),
    subjects: Object.fromEntries(
      touchpoints.map(({ subject, touchpoint }) => {
        const alone = everybody.has(subject.id) ? 'person' : 'nobody';
        return [stepOf(touchpoint.messageId), subject.unit === 'account' ? label(subject.id) : alone];
      }),
    ),
    handOvers: told.subjects.flatMap((message) =>
      message.type === 'subject.handed-over'
        ? [`${labels.get(message.into.id) ?? 'person'} <- ${labels.get(message.from.id) ?? 'person'}`]
        : [],
    ),
    leadsToNobody: (key) =>
      !living.some(({ ids }) => ids.some(({ namespace, value, shared }) => !shared && `${namespace}:${value}` === key)),
  };
}

/** The person stamped on each touchpoint, followed through every merge, split and erasure that came after it (steps are a millisecond apart). */
function callsByOwner(
  touchpoints: readonly StitchedTouchpoint[],
  identities: readonly IdentityFile[],
  stepOf: (touchpoint: StitchedTouchpoint) => number,
): Map<string, number[]> {
  const owners = new Map<StitchedTouchpoint, string>();
  for (const touchpoint of touchpoints) if (touchpoint.person) owners.set(touchpoint, touchpoint.person.id);
  for (const fact of identities)
    for (const [touchpoint, owner] of owners) {
      const next =
        'at' in fact && fact.at > touchpoint.touchpoint.receivedAt ? ownerAfter(fact, owner, touchpoint) : owner;
      if (next === null) owners.delete(touchpoint);
      else owners.set(touchpoint, next);
    }
  const calls = new Map<string, number[]>();
  for (const [touchpoint, owner] of owners) calls.set(owner, [...(calls.get(owner) ?? []), stepOf(touchpoint)]);
  return calls;
}

/** What was said by an identifier that is nobody's any more goes back to whom it was stamped with, where that person lives again. */
function ownerAfter(fact: IdentityFile, owner: string, { stitchKey, person }: StitchedTouchpoint): string | null {
  switch (fact.type) {
    case 'person.merged':
      return fact.from === owner ? fact.into : owner;
    case 'person.split':
      return fact.personId === owner
        ? ((
            fact.into.find(({ ids }) => ids.includes(stitchKey)) ??
            fact.into.find(({ personId }) => personId === person?.id)
          )?.personId ?? owner)
        : owner;
    case 'person.erased':
      return fact.personId === owner ? null : owner;
    default:
      return owner;
  }
}

function duplicatesOf(
  stitchCase: StitchCase,
  touchpoints: readonly StitchedTouchpoint[],
  stepOf: (messageId: string) => number,
): number[] {
  const stitched = new Set(touchpoints.map(({ touchpoint }) => stepOf(touchpoint.messageId)));
  return stitchCase.steps.flatMap((step, index) => ('type' in step && !stitched.has(index + 1) ? [index + 1] : []));
}

/** Every account that the case names, by id. */
function labelsOf(stitchCase: StitchCase, workspace: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [label] of JSON.stringify(stitchCase).matchAll(/(?:group|domain|crm):[^" ;]+/g))
    labels.set(accountOfLabel(workspace, label), label);
  return labels;
}
