import { isDecided, tellDecision } from './decisions.ts';
import { namespaceOf } from './identifier-key.ts';
import type { Identifier } from './identifiers-of.ts';
import { ownerOf, putNode, putPerson, readPerson, type Draft } from './identity-graph.ts';
import { charactersOf, MAX_EDGES, MAX_IDS_CHARACTERS, withEdge, withId, type PersonRecord } from './person-record.ts';
import { noteReach } from './quarantine.ts';

/**
 * Attaches new identifiers to a person within the limits, and keeps the edges between those that were seen together: what a later
 * split cuts. Nothing changes where everything was known. Returns the identifiers that are the person's now.
 */
export function attachIdentifiers(draft: Draft, personId: string, ids: readonly Identifier[]): readonly Identifier[] {
  const before = readPerson(draft, personId)!;
  let person = before;
  let attached = ids;
  for (const identifier of ids) {
    if (ownerOf(identifier.before) !== null) continue;
    const over = limitPassed(draft, person, identifier);
    if (over) {
      const { namespace, value } = identifier;
      const limited = { personId, decision: 'limited' as const, namespace, value };
      // A device that came too late sends on and on: once is enough.
      if (!isDecided(draft, limited)) tellDecision(draft, { ...limited, reason: over });
      attached = attached.filter((other) => other !== identifier);
    } else person = takenBy(draft, personId, person, identifier);
  }
  const connected = withEdges(draft, person, attached);
  if (connected !== before) putPerson(draft, personId, connected, true);
  if (connected !== person) noteReaches(draft, attached);
  return attached;
}

function takenBy(draft: Draft, personId: string, person: PersonRecord, identifier: Identifier): PersonRecord {
  const { key, raw, value } = identifier;
  putNode(draft, key, personId);
  return withId(draft.settings, person, key, raw === value ? null : raw, draft.at);
}

/** One identifier whatever the limits, with its edge to another. */
export function attachWith(draft: Draft, personId: string, identifier: Identifier, other: Identifier): void {
  const person = takenBy(draft, personId, readPerson(draft, personId)!, identifier);
  putPerson(draft, personId, withEdge(person, [other.key, identifier.key], draft.cause), true);
}

/** Limits count what is attached, through merges, too; a merge itself is never stopped by them. */
function limitPassed(draft: Draft, person: PersonRecord, identifier: Identifier): string | null {
  const { key: added, namespace, rule } = identifier;
  const isFull = person.ids.length >= draft.settings.maxIdsPerPerson;
  if (isFull || charactersOf(person) + added.length > MAX_IDS_CHARACTERS) return 'too-many-ids';
  let count = 0;
  person.ids.forEach((key, place) => {
    if (namespaceOf(key) !== namespace) return;
    const since = person.createdAt + person.since[place]!;
    if (rule.windowMs === null || Math.abs(since - draft.at) < rule.windowMs) count++;
  });
  if (count < rule.limit) return null;
  return rule.windowMs === null ? 'limit' : 'limit-in-window';
}

function withEdges(draft: Draft, person: PersonRecord, ids: readonly Identifier[]): PersonRecord {
  if (ids.length < 2) return person;
  const isNew = ids.some(({ before }) => before === undefined);
  if (!isNew && (person.edges?.length ?? 0) >= MAX_EDGES) return person;
  return withEdge(
    person,
    ids.map(({ key }) => key),
    draft.cause,
  );
}

/** Known identifiers beside one they were not seen with before. */
function noteReaches(draft: Draft, [top, ...others]: readonly Identifier[]): void {
  for (const { key, before } of others) if (before !== undefined) noteReach(draft, key, top!.key);
}
