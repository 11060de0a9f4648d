import type { Identifier } from './identifiers-of.ts';
import { namespaceOf } from './identifier-key.ts';
import { isGone, ownerOf, readAnyone, readPerson, type Draft } from './identity-graph.ts';
import { charactersOf, MAX_IDS_CHARACTERS, type PersonRecord } from './person-record.ts';
import { ruleOf, type StitchSettings } from './settings.ts';

/**
 * Decides whom the identifiers of a touchpoint mean together: nobody known, one person, or several who must become one. Where a
 * unique namespace would hold two values or a cap is passed, the least durable identifier is dropped and the rest looked at again.
 * Changes nothing.
 */
export interface Match {
  /** What stays of the identifiers, the most durable first; never empty. */
  kept: readonly Identifier[];
  dropped: readonly { identifier: Identifier; why: Conflict }[];
  /** Living people, the oldest first. */
  people: readonly string[];
}

export type Conflict = 'two-unique-values' | PassedCap;
export type PassedCap = 'too-many-ids' | 'too-many-merges';

const NOTHING: readonly never[] = Object.freeze([]);

export function matchPeople(draft: Draft, ids: readonly Identifier[]): Match {
  let kept = ids;
  let dropped: { identifier: Identifier; why: Conflict }[] | null = null;
  for (;;) {
    const people = peopleOf(draft, kept);
    const why = kept.length > 1 ? conflictOf(draft, kept, people) : null;
    if (!why) return { kept, dropped: dropped ?? NOTHING, people };
    (dropped ??= []).push({ identifier: kept[kept.length - 1]!, why });
    kept = kept.slice(0, -1);
  }
}

function peopleOf(draft: Draft, ids: readonly Identifier[]): string[] {
  const people: string[] = [];
  for (const { before } of ids) {
    const person = ownerOf(before);
    if (person !== null && !people.includes(person)) people.push(person);
  }
  if (people.length > 1) people.sort((a, b) => readPerson(draft, a)!.order - readPerson(draft, b)!.order);
  return people;
}

function conflictOf(draft: Draft, ids: readonly Identifier[], people: readonly string[]): Conflict | null {
  if (people.length === 0) return null;
  const isNew = ids.filter(({ before }) => ownerOf(before) === null);
  if (people.length === 1 && isNew.length === 0) return null;
  const records = people.map((id) => readPerson(draft, id)!);
  if (holdsTwoUniqueValues(draft, records, isNew)) return 'two-unique-values';
  if (people.length === 1) return null;
  return capPassed(draft, records);
}

/** The caps stop merges by touchpoint and by command alike. */
export function capPassed(draft: Draft, people: readonly PersonRecord[]): PassedCap | null {
  let ids = 0;
  let characters = 0;
  let merges = people.length - 1;
  for (const person of people) {
    ids += person.ids.length;
    characters += charactersOf(person);
    merges += person.mergedFrom?.length ?? 0;
  }
  if (ids > draft.settings.maxIdsPerPerson || characters > MAX_IDS_CHARACTERS) return 'too-many-ids';
  return merges > draft.settings.maxMergesPerPerson ? 'too-many-merges' : null;
}

/** Whether one person of all these, with the new identifiers attached, would hold two values of a unique namespace. */
export function holdsTwoUniqueValues(
  draft: Draft,
  people: readonly PersonRecord[],
  isNew: readonly Pick<Identifier, 'key' | 'namespace' | 'rule'>[] = NOTHING,
): boolean {
  const held = new Map<string, string>();
  function second(namespace: string, key: string): boolean {
    const known = held.get(namespace);
    if (known === undefined) held.set(namespace, key);
    return known !== undefined && known !== key;
  }
  for (const { key, namespace, rule } of isNew) if (rule.unique && second(namespace, key)) return true;
  const prefixes = uniquePrefixes(draft.settings);
  for (const person of people)
    for (const key of person.ids) {
      if (prefixes && !prefixes.some((prefix) => key.startsWith(prefix))) continue;
      const namespace = namespaceOf(key);
      if (ruleOf(draft.settings, namespace).unique && second(namespace, key)) return true;
    }
  return false;
}

/**
 * What the keys of unique namespaces begin with; null: types that nobody listed are unique, too, so every key has to be looked at. In a storm
 * of merges people of a hundred identifiers are asked for each touchpoint: a rule for each was a third of its time.
 */
function uniquePrefixes({ namespaces, externalIds }: StitchSettings): readonly string[] | null {
  if (externalIds.unique) return null;
  const prefixes: string[] = [];
  for (const namespace in namespaces) if (namespaces[namespace]!.unique) prefixes.push(`${namespace}:`);
  return prefixes;
}

/** The living person that an id leads to, through at most one absorption; null when it was never there or is erased. */
export function livingIdOf(draft: Draft, id: string): string | null {
  const record = readAnyone(draft, id);
  if (!record) return null;
  return isGone(record) ? record.into : id;
}
